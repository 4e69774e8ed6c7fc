#!/usr/bin/perl
# LemonLDAP::NG's portal with one public native client and one user, on loopback. Started by ../serve.sh, which installs the
# packages; everything that the portal wants in /etc and /var is written into a temporary folder.
use strict;
use warnings;

use Crypt::OpenSSL::RSA;
use File::Temp qw(tempdir);
use Getopt::Long;
use HTTP::Tiny;
use IO::Socket::INET;
use JSON qw(decode_json encode_json);
use Lemonldap::NG::Portal::UserDB::Demo;
use Starman::Server;
use Time::HiRes qw(sleep);

my ( $rp, $client ) = ( 'pilotlight', 'native-app' );
my %profile = (
    sub                => 'ada-1815',
    name               => 'Ada Lovelace',
    given_name         => 'Ada',
    family_name        => 'Lovelace',
    nickname           => 'ada',
    preferred_username => 'ada',
    picture            => 'https://example.com/ada.png',
    website            => 'https://example.com/ada',
    gender             => 'female',
    birthdate          => '1815-12-10',
    zoneinfo           => 'Europe/London',
    locale             => 'en-GB',
    updated_at         => 1_700_000_000,
    email              => 'ada@example.com',
    email_verified     => 1,
    phone_number       => '+44 20 7946 0000',
    street_address     => "12 St James\x{2019}s Square",
    locality           => 'London',
    postal_code        => 'SW1Y 4JH',
    country            => 'UK',
    roles              => 'analyst',
);

sub options {
    my %options = ( port => 0, 'ttl-access' => 3600 );
    GetOptions( \%options, 'port=i', 'ttl-access=i', 'userinfo-jwt', 'no-rotation' ) or exit 2;
    return \%options;
}

# The one user, instead of the demonstration's; the name is in the words of the login form.
sub populate {
    %Lemonldap::NG::Portal::UserDB::Demo::demoAccounts =
      ( 'ada@example.com' => { %profile, uid => 'ada@example.com', cn => $profile{name}, mail => $profile{email} } );
    %Lemonldap::NG::Portal::UserDB::Demo::demoGroups = ();
}

# The demonstration's takes any user's name for a password.
{
    package Pilotlight::Password;
    use Mouse;
    use Lemonldap::NG::Portal::Main::Constants qw(PE_OK PE_BADCREDENTIALS);
    extends 'Lemonldap::NG::Portal::Auth::_WebForm';
    sub authenticate {
        my ( $self, $req ) = @_;
        return PE_OK if $req->{user} eq 'ada@example.com' and $req->data->{password} eq 'correct horse';
        $self->setSecurity($req);
        return PE_BADCREDENTIALS;
    }
    sub authLogout { PE_OK }
    $INC{'Pilotlight/Password.pm'} = __FILE__;
}

# The portal insists on loading one, and its own would draw pictures.
{
    package Pilotlight::NoCaptcha;
    use Mouse;
    extends 'Lemonldap::NG::Common::Module';
    sub init { 1 }
    $INC{'Pilotlight/NoCaptcha.pm'} = __FILE__;
}

sub free_port {
    my $socket = IO::Socket::INET->new( LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1 ) or die "no port: $!";
    return $socket->sockport;
}

# A new key at each start: restarting the server is a key rotation.
sub signing_key {
    my $key = Crypt::OpenSSL::RSA->generate_key(2048);
    $key->use_pkcs1_padding;
    return (
        oidcServicePrivateKeySig => $key->get_private_key_string,
        oidcServicePublicKeySig  => $key->get_public_key_x509_string,
        oidcServiceKeyIdSig      => sprintf( '%08x', int rand 2**32 ),
    );
}

sub configuration {
    my ( $options, $port, $folder ) = @_;
    my $ttl      = $options->{'ttl-access'};
    my $sessions = sub {
        mkdir "$folder/$_[0]";
        mkdir "$folder/$_[0]/lock";
        return {
            Directory      => "$folder/$_[0]",
            LockDirectory  => "$folder/$_[0]/lock",
            generateModule => 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256',
        };
    };
    return {
        cfgNum                          => 1,
        cfgDate                         => time,
        cfgAuthor                       => 'server.pl',
        portal                          => "http://127.0.0.1:$port/",
        domain                          => '127.0.0.1',
        cookieName                      => 'lemonldap',
        securedCookie                   => 0,
        authentication                  => 'Custom',
        customAuth                      => 'Pilotlight::Password',
        userDB                          => 'Demo',
        locationRules                   => { '127.0.0.1' => { default => 'accept' } },
        captcha                         => 'Pilotlight::NoCaptcha',
        passwordDB                      => 'Null',
        registerDB                      => 'Null',
        demoExportedVars                => { map { $_ => $_ } 'uid', 'cn', 'mail', keys %profile },
        whatToTrace                     => 'uid',
        issuerDBOpenIDConnectActivation => 1,
        # The portal's own is 30 days for every user of the SSO.
        timeout                     => 72_000,
        globalStorage               => 'Apache::Session::File',
        globalStorageOptions        => $sessions->('sessions'),
        persistentStorage           => 'Apache::Session::File',
        persistentStorageOptions    => $sessions->('psessions'),
        localSessionStorage         => 'Cache::FileCache',
        localSessionStorageOptions  => { namespace => 'sessions', cache_root => "$folder/cache", default_expires_in => 600 },
        portalSkin                  => 'bootstrap',
        oidcServiceMetaDataIssuer   => "http://127.0.0.1:$port",
        oidcRPMetaDataExportedVars  => { $rp => { map { $_ => $_ } keys %profile } },
        oidcRPMetaDataOptionsExtraClaims => { $rp => {} },
        oidcRPMetaDataOptions       => {
            $rp => {
                oidcRPMetaDataOptionsClientID              => $client,
                oidcRPMetaDataOptionsDisplayName           => 'Pilotlight sample',
                oidcRPMetaDataOptionsPublic                => 1,
                oidcRPMetaDataOptionsRequirePKCE           => 1,
                oidcRPMetaDataOptionsAllowOffline          => 1,
                oidcRPMetaDataOptionsRefreshToken          => 0,
                oidcRPMetaDataOptionsUserIDAttr            => 'sub',
                oidcRPMetaDataOptionsIDTokenSignAlg        => 'RS256',
                oidcRPMetaDataOptionsAccessTokenExpiration => $ttl,
                oidcRPMetaDataOptionsIDTokenExpiration     => $ttl,
                oidcRPMetaDataOptionsRedirectUris          => join( ' ',
                    'com.example.pilotlight://callback', 'http://127.0.0.1:49152/callback', 'https://app.example.com/callback' ),
                oidcRPMetaDataOptionsPostLogoutRedirectUris => 'com.example.pilotlight://signed-out',
                oidcRPMetaDataOptionsBypassConsent         => 0,
                ( $options->{'userinfo-jwt'} ? ( oidcRPMetaDataOptionsUserInfoSignAlg => 'RS256' ) : () ),
            },
        },
        signing_key(),
    };
}

sub write_files {
    my ( $folder, $configuration ) = @_;
    mkdir "$folder/conf";
    write_file( "$folder/conf/lmConf-1.json", encode_json($configuration) );
    write_file( "$folder/lemonldap-ng.ini", <<"INI");
[all]
logLevel = notice
[configuration]
type = File
dirName = $folder/conf
localStorage = Cache::FileCache
localStorageOptions = { 'namespace' => 'configuration', 'cache_root' => '$folder/cache', 'default_expires_in' => 600 }
[portal]
staticPrefix = /static
templateDir = $ENV{PILOTLIGHT_INTEROP_PACKAGES}/usr/share/lemonldap-ng/portal/templates
languages = en
INI
}

sub write_file {
    my ( $path, $text ) = @_;
    open my $file, '>', $path or die "$path: $!";
    print {$file} $text;
    close $file or die "$path: $!";
}

# Descriptor 3 is the launcher's standard output; everything else goes to standard error.
sub announce {
    my $issuer = shift;
    defined( my $child = fork ) or die "fork: $!";
    return if $child;
    my $http = HTTP::Tiny->new( timeout => 10, proxy => undef, http_proxy => undef );
    for ( 1 .. 300 ) {
        my $answer = $http->get("$issuer/.well-known/openid-configuration");
        if ( $answer->{success} ) {
            die "the discovery document is wrong\n" if decode_json( $answer->{content} )->{issuer} ne $issuer;
            open my $out, '>&=', 3 or die "descriptor 3: $!";
            syswrite $out, "issuer: $issuer\n";
            last;
        }
        sleep 0.1;
    }
    require POSIX;
    POSIX::_exit(0);
}

my $options = options();
# Removed by the launcher, which also ends this process by a signal.
my $folder = tempdir('lemonldap-XXXXXX', TMPDIR => 1);
my $port = $options->{port} || free_port();
populate();
write_files( $folder, configuration( $options, $port, $folder ) );
$ENV{LLNG_DEFAULTCONFFILE} = "$folder/lemonldap-ng.ini";
require Lemonldap::NG::Portal::Main;
my $app = Lemonldap::NG::Portal::Main->run( {} );
announce("http://127.0.0.1:$port");
Starman::Server->new->run( $app,
    { host => '127.0.0.1', port => $port, listen => ["127.0.0.1:$port"], workers => 4, keepalive => 0, 'disable_keepalive' => 1, argv => [] } );
