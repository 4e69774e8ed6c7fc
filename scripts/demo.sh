#!/usr/bin/env bash
# Shows what the library does, against an identity server on this machine: a sign-in, a restart, an expired token, a
# profile, metadata, a lost network, a sign-out. Each answer is checked; a wrong one ends the demo with exit 1.
#
# Takes about a minute once everything is built.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=prerequisites.sh
. "$checkout/scripts/prerequisites.sh"

user=ada@example.com
redirect_uri=com.example.pilotlight://callback
token_lifetime=8 # seconds; short, so that you can watch a token expire
number=0

story() {
    number=$((number + 1))
    step "$number. $*"
}
tell() { printf '    %s\n' "$*"; }

# --- The terminal sample: a separate process for each call, so each call is like a restart of the app -----------------
terminal() { PILOTLIGHT_BUILT=1 "$checkout/scripts/terminal.sh" "$@"; }
answer() { terminal "$@" --json; }

# field NAME: that member of the JSON object on stdin. A dot selects a nested member. Prints nothing if the member is
# missing.
field() {
    python3 -c '
import json, sys
try: value = json.load(sys.stdin)
except ValueError: sys.exit("no JSON came")
for name in sys.argv[1].split("."):
    value = value.get(name) if isinstance(value, dict) else None
if value is not None: print(value if isinstance(value, str) else json.dumps(value))' "$1"
}

# expect WHAT WANTED FOUND
expect() {
    if [ "$2" != "$3" ]; then die "$1: expected '$2', got '$3'"; fi
    tell "$1: $3"
}

expect_other() {
    if [ -z "$3" ] || [ "$2" = "$3" ]; then die "$1: expected another than '$2', got '$3'"; fi
    tell "$1: another one"
}

# expect_failure EXIT-CODE WHAT ARGS…: the terminal sample's --help explains the exit codes.
expect_failure() {
    local code=$1 what=$2 status=0
    shift 2
    terminal "$@" >"$work/out" 2>&1 || status=$?
    expect "$what: exit code" "$code" "$status"
    tell "    $(tr -s '\n ' ' ' <"$work/out")"
}

# --- The server ----------------------------------------------------------------------------------------------------------
# control METHOD PATH: the server's control interface, which answers even while the server is offline.
control() { curl --silent --show-error --fail --max-time 10 --request "$1" "${control_url%/}/$2"; }
token_requests() { control GET counters | field requests.token; }

start_server() {
    local server
    start_process server "$work/server.log" "$PILOTLIGHT_IDENTITY_SERVER" --ttl-access "$token_lifetime"
    domain=$(wait_for_line "$server" "$work/server.log" '^listening: ' 20) || die "the identity server did not start"
    domain=${domain#listening: }
    control_url=$(wait_for_line "$server" "$work/server.log" '^control: ' 20) || die "the identity server has no control port"
    control_url=${control_url#control: }
    tell "an Auth0-compatible server: $domain"
    # The terminal sample reads its settings from these variables.
    export PILOTLIGHT_DOMAIN=$domain PILOTLIGHT_CLIENT_ID=native-app PILOTLIGHT_REDIRECT_URI=$redirect_uri
    export PILOTLIGHT_METADATA_ACCESS=1 PILOTLIGHT_STORE=$work/session
}

# --- The steps -----------------------------------------------------------------------------------------------------------
sign_in() {
    local app authorize_url callback
    mkfifo "$work/answer"
    terminal sign-in <"$work/answer" >"$work/sign-in" 2>"$work/sign-in.errors" &
    app=$!
    at_exit "stop_process $app"
    exec 8>"$work/answer" # opening a pipe waits for its reader
    authorize_url=$(wait_for_line "$app" "$work/sign-in" '^open: ' 30) || die "sign-in asked for no browser: $(cat "$work/sign-in.errors")"
    authorize_url=${authorize_url#open: }
    tell "the app opens a browser at ${authorize_url%%\?*}; there, $user signs in"
    # The server signs the user in without a form if the URL says so; its answer is the URL to which the browser goes next.
    callback=$(curl --silent --show-error --max-time 10 --output /dev/null --write-out '%{redirect_url}' "$authorize_url&sign_in_as=$user")
    case $callback in "$redirect_uri"*) ;; *) die "the server did not send the browser back to the app: $callback" ;; esac
    printf '%s\n' "$callback" >&8
    exec 8>&-
    wait "$app" || die "sign-in failed: $(cat "$work/sign-in" "$work/sign-in.errors")"
}

main() {
    local work='' domain control_url first second asked
    prerequisites rust python swift curl
    temp_dir work
    step "building (some minutes the first time)"
    "$checkout/scripts/terminal.sh" --help >/dev/null
    export PILOTLIGHT_IDENTITY_SERVER=$target_dir/debug/$identity_server_binary
    start_server

    story "Sign in: authorization code with PKCE"
    expect "before" signed_out "$(answer state | field state)"
    sign_in
    expect "after" signed_in "$(answer state | field state)"

    story "Restart: a new process finds the session, and a valid token costs no request"
    asked=$(token_requests)
    first=$(terminal token)
    expect "requests to the token endpoint so far" "$asked" "$(token_requests)"

    story "The access token expires after $token_lifetime seconds: the next call renews it"
    sleep "$token_lifetime"
    second=$(terminal token)
    expect_other "access token" "$first" "$second"
    expect "requests to the token endpoint so far" "$((asked + 1))" "$(token_requests)"

    story "Profile"
    expect "email" "$user" "$(answer profile --refresh | field email)"

    story "Metadata: update, read back"
    terminal metadata set '{"first_name": "John", "country": "USA"}' >/dev/null
    expect "first_name" John "$(answer metadata get first_name | field first_name)"
    expect "country" USA "$(answer metadata get | field country)"

    story "The network goes down: a renewal fails, and the user stays signed in"
    control POST offline >/dev/null
    expect_failure 10 "renewal, without a network" token --force-refresh
    expect "state" signed_in "$(answer state | field state)"
    control POST online >/dev/null
    expect_other "access token, with the network back" "$second" "$(terminal token --force-refresh)"

    story "Sign out"
    expect "at the issuer" revoked "$(answer sign-out | field issuer)"
    expect "state" signed_out "$(answer state | field state)"
    expect_failure 12 "a token now" token
    good "all $number steps as they should be, in $SECONDS s"
}

main "$@"
finish
