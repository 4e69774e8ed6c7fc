#!/usr/bin/env bash
# Runs a third-party identity server on 127.0.0.1 for Pilotlight's tests. See --help and README.md.
# Functions are called by traps and as arguments too, which shellcheck takes for unreachable.
# shellcheck disable=SC2317
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pilotlight/interop

usage() {
  cat <<'HELP'
Usage: serve.sh SERVER [options]     SERVER: oidc-provider | django | lemonldap
       serve.sh --setup [SERVER]     only install what the servers need, as far as they run on this machine
       serve.sh --why-not SERVER     prints why the server cannot run on this machine; nothing when it can

Starts the server on 127.0.0.1 and prints one line, "issuer: URL", on standard output as soon as its discovery document
answers; all other output goes to standard error. Runs until SIGTERM or SIGINT. Packages are installed under
${XDG_CACHE_HOME:-~/.cache}/pilotlight/interop; nothing is written into the checkout.

  --port P              listen there (default: a free port)
  --ttl-access S        seconds that access tokens and ID tokens live (3600)
  --leeway S            rotation overlap: seconds that a used refresh token is still accepted (0; not lemonldap)
  --no-rotation         a refresh does not replace the refresh token (lemonldap never does)
  --userinfo-jwt        userinfo answers application/jwt (oidc-provider and lemonldap)
  --jwt-access-tokens   access tokens are JWTs for https://api.example.com/ (oidc-provider only)
  --dpop-nonce          proofs of possession (DPoP) need a nonce of the server's (oidc-provider only)
  --until-stdin-closes  also stop when standard input is closed
  --help                this text

Client: native-app (public, PKCE). User: ada@example.com, password "correct horse".
Exit status: 0 stopped as asked, 1 the server failed, 2 wrong usage or a missing tool.
HELP
}

fail() {
  echo "serve.sh: $*" >&2
  exit 2
}

# How the reader gets what is missing: the names of the Debian and of the Homebrew package.
missing() {
  if [ "$(uname)" = Darwin ]; then
    fail "$1 is needed: brew install $3"
  fi
  fail "$1 is needed: apt-get install $2"
}

hash_of() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-16
}

# Installs into its own folder and renames it when it is complete, so that neither an interrupted installation nor
# two at the same time leave half a folder behind. $1: where to; $2 and on: a command that fills the folder it is given.
install_once() {
  local target=$1
  shift
  [ -d "$target" ] && return
  mkdir -p "$cache"
  staging=$(mktemp -d "$cache/staging-XXXXXX")
  echo "serve.sh: installing into $target" >&2
  "$@" "$staging" >&2
  # Never into an existing folder, as mv would: the second one deletes its copy.
  if ! perl -e 'exit !rename $ARGV[0], $ARGV[1]' "$staging" "$target"; then
    [ -d "$target" ] || fail "cannot create $target"
    rm -rf "$staging"
  fi
  staging=
}

fill_node_modules() {
  cp "$here"/oidc-provider/{package.json,package-lock.json,.npmrc} "$1"
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}

setup_oidc_provider() {
  command -v node >/dev/null || missing "node (20.19 or newer)" nodejs node
  command -v npm >/dev/null || missing npm npm node
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
    || fail "node $(node --version) is too old: oidc-provider needs 20.19 or newer"
  packages=$cache/oidc-provider-$(cat "$here"/oidc-provider/package*.json | hash_of)
  install_once "$packages" fill_node_modules
}

fill_venv() {
  python3 -m venv "$1"
  # As a module: the programs in a venv's bin name the folder it was made in.
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$here/django/requirements.txt"
}

setup_django() {
  command -v python3 >/dev/null || missing "python3 (3.11 or newer)" "python3 python3-venv" python
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || fail "$(python3 --version) is too old: asgiref, which Django needs, takes 3.11 or newer"
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing "python3's module venv" python3-venv python
  # A venv belongs to one interpreter.
  local interpreter
  interpreter=$(python3 -c 'import sys; print(sys.version, sys.base_prefix)')
  packages=$cache/django-$( (cat "$here/django/requirements.txt" && echo "$interpreter") | hash_of)
  install_once "$packages" fill_venv
}

# Debian's packages, unpacked: nothing is installed on the machine. Their compiled parts are for Debian's own Perl, and what the
# tests say of the server is true of the version in Debian 12.
why_not() {
  case $1 in
    lemonldap)
      if ! command -v apt-get >/dev/null || ! grep -q '^VERSION_CODENAME=bookworm$' /etc/os-release 2>/dev/null; then
        echo "LemonLDAP::NG comes as Debian 12's packages, and this is another system"
      fi
      ;;
    oidc-provider | django) ;;
    *) unknown "$1" ;;
  esac
}

unknown() {
  fail "unknown server: $1 (oidc-provider, django or lemonldap)"
}

setup_lemonldap() {
  local reason
  reason=$(why_not lemonldap)
  [ -z "$reason" ] || fail "$reason"
  /usr/bin/perl -MHTTP::Tiny -MStorable -MEncode -e 1 2>/dev/null || missing perl perl perl
  packages=$cache/lemonldap-$(hash_of <"$here/lemonldap/packages.txt")
  install_once "$packages" fill_perl
  perl_folders=$(perl_folders_in "$packages")
}

fill_perl() {
  local deb
  mkdir "$1/debs"
  download_debs "$1/debs" || { apt-get update -qq && download_debs "$1/debs"; } \
    || fail "apt-get could not download the packages: apt-get update, as root"
  for deb in "$1"/debs/*.deb; do dpkg -x "$deb" "$1"; done
  rm -r "$1/debs"
  PERL5LIB=$(perl_folders_in "$1") /usr/bin/perl -MLemonldap::NG::Portal::Main -MStarman::Server -e 1
}

# By the signed lists of apt, of which it checks what it downloads.
download_debs() {
  (cd "$1" && grep -v '^#' "$here/lemonldap/packages.txt" | xargs apt-get download -qq 2> >(grep -v '^W: Download is performed unsandboxed' >&2))
}

# Where Debian puts modules, below another root: the plain ones and the compiled ones.
perl_folders_in() {
  /usr/bin/perl -MConfig -e 'print "$ARGV[0]$Config{vendorlib}:$ARGV[0]$Config{vendorarch}"' "$1"
}

setup() {
  case $1 in
    oidc-provider) setup_oidc_provider ;;
    django) setup_django ;;
    lemonldap) setup_lemonldap ;;
    *) unknown "$1" ;;
  esac
}

# As in scripts/lib.sh: bash 3.2 gives this the status 0 after a syntax error.
clean_up() {
  local status=$?
  if [ "$status" = 0 ] && [ -z "$finished" ]; then
    echo "serve.sh: it did not run to its end; what bash says about it is above" >&2
    status=70
  fi
  [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
  [ -z "$staging" ] || rm -rf "$staging"
  [ -z "$work" ] || rm -rf "$work"
  exit "$status"
}

finish() {
  finished=yes
  exit 0
}

stop() {
  stopping=yes
  [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true
}

# $1: the server; $2 and on: its options.
serve() {
  local command status=0
  work=$(mktemp -d "${TMPDIR:-/tmp}/pilotlight-interop-XXXXXX")
  case $1 in
    oidc-provider) command=(node "$here/oidc-provider/server.mjs") ;;
    django) command=("$packages/bin/python" "$here/django/server.py") ;;
    lemonldap) command=(env PERL5LIB="$perl_folders" /usr/bin/perl "$here/lemonldap/server.pl") ;;
  esac
  shift
  # Descriptor 3 is for the issuer's line alone: libraries write where they like.
  env TMPDIR="$work" PYTHONDONTWRITEBYTECODE=1 PILOTLIGHT_INTEROP_PACKAGES="$packages" \
    "${command[@]}" "$@" 3>&1 1>&2 </dev/null &
  child=$!
  if [ -n "$until_stdin_closes" ]; then
    exec 4<&0
    (while read -r _; do :; done <&4; kill -TERM $$) >/dev/null &
    watcher=$!
  fi
  # A trapped signal ends `wait` early; the server is waited for until it is gone.
  [ -z "$stopping" ] || stop
  while kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
  done
  [ -z "$stopping" ] || finish
  echo "serve.sh: the server ended by itself (status $status)" >&2
  exit 1
}

# `lacking`: which server has not which of the options.
server='' only_setup='' until_stdin_closes='' options=() lacking=''
child='' watcher='' staging='' work='' stopping='' packages='' perl_folders='' finished=''

while [ $# -gt 0 ]; do
  case $1 in
    --port | --ttl-access | --leeway)
      case $1 in --leeway) lacking+=" lemonldap $1;" ;; esac
      [[ ${2:-} =~ ^[0-9]{1,9}$ ]] || fail "$1 needs a number"
      options+=("$1" "$2")
      shift
      ;;
    --no-rotation) options+=("$1") ;;
    --userinfo-jwt) options+=("$1") lacking+=" django $1;" ;;
    --jwt-access-tokens | --dpop-nonce) options+=("$1") lacking+=" django $1; lemonldap $1;" ;;
    --why-not)
      why_not "${2:-}"
      exit
      ;;
    --until-stdin-closes) until_stdin_closes=yes ;;
    --setup) only_setup=yes ;;
    -h | --help) usage && exit ;;
    -*) fail "unknown option: $1 (see --help)" ;;
    *)
      [ -z "$server" ] || fail "one server at a time"
      server=$1
      ;;
  esac
  shift
done

trap clean_up EXIT
trap 'stopping=yes; finish' TERM INT HUP
if [ -n "$only_setup" ]; then
  for each in ${server:-oidc-provider django lemonldap}; do
    reason=$(why_not "$each")
    if [ -n "$reason" ] && [ -z "$server" ]; then echo "serve.sh: without $each: $reason" >&2; else setup "$each"; fi
  done
  finish
fi
[ -n "$server" ] || { usage >&2; exit 2; }
case $lacking in *" $server "*) option=${lacking#*" $server "} && fail "$server cannot ${option%%;*}" ;; esac
setup "$server"
trap stop TERM INT HUP
serve "$server" ${options[@]+"${options[@]}"}
