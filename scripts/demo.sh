#!/usr/bin/env bash
# Shows what the library does, against an identity server on this machine: a sign-in, a restart, an expired token, a
# profile, metadata, a lost network, a sign-out. Each answer is checked; a wrong one ends the demo with exit 1.
#
# Takes about a minute once everything is built.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

user=ada@example.com
redirect_uri=com.example.pilotlight://callback
token_lifetime=8 # seconds; short, so that one can watch a token expire
number=0

story() {
    number=$((number + 1))
    step "$number. $*"
}
tell() { printf '    %s\n' "$*"; }

# --- The terminal sample: a process of its own for each call, so each call is a restart of the app ------------------------
terminal() {
    local verb=$1
    shift
    PILOTLIGHT_BUILT=1 "$checkout/scripts/terminal.sh" "$verb" --domain "$issuer" --client-id native-app \
        --redirect-uri "$redirect_uri" --scope "openid profile email offline_access read:current_user update:current_user_metadata" \
        --audience "${issuer%/}/api/v2/" --store "$work/session" --json "$@"
}

# field NAME: that member of the JSON object on stdin; a dot goes deeper; nothing for a missing one.
field() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
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

# --- The server ----------------------------------------------------------------------------------------------------------
control() {
    local path=$1 body=${2:-}
    curl --silent --show-error --fail --max-time 10 ${body:+--json "$body"} "$control_url/$path"
}
token_requests() { control counters | field token; }

start_server() {
    local server
    start_process server "$work/server.log" "$PILOTLIGHT_IDENTITY_SERVER" --port 0 --access-token-lifetime "$token_lifetime"
    issuer=$(wait_for_line "$server" "$work/server.log" '^issuer: ' 20) || die "the identity server did not start"
    issuer=${issuer#issuer: }
    control_url=$(wait_for_line "$server" "$work/server.log" '^control: ' 20) || die "the identity server has no control port"
    control_url=${control_url#control: }
    tell "issuer: $issuer"
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
    tell "the app opens a browser at ${authorize_url%%\?*}; there, $user signs in"
    callback=$("$target_dir/debug/$test_browser_binary" "${authorize_url#open: }" "$redirect_uri" --user "$user" --password "correct horse")
    printf '%s\n' "$callback" >&8
    exec 8>&-
    wait "$app" || die "sign-in failed: $(cat "$work/sign-in" "$work/sign-in.errors")"
}

main() {
    local work='' issuer control_url first second asked status
    require_tool curl "apt-get install curl"
    require_tool python3 "apt-get install python3"
    temp_dir work
    step "building (a few minutes the first time)"
    "$checkout/scripts/terminal.sh" --help >/dev/null
    export PILOTLIGHT_IDENTITY_SERVER=$target_dir/debug/$identity_server_binary
    start_server

    story "Sign in, with the authorization code flow and PKCE"
    expect "before" signedOut "$(terminal state | field state)"
    sign_in
    expect "after" signedIn "$(terminal state | field state)"

    story "Restart: another process finds the session and needs no network for a valid token"
    asked=$(token_requests)
    first=$(terminal token | field accessToken)
    expect "requests to the token endpoint" "$asked" "$(token_requests)"

    story "The token expires after $token_lifetime seconds: the next call renews it, once"
    sleep "$token_lifetime"
    second=$(terminal token | field accessToken)
    expect_other "access token" "$first" "$second"
    expect "requests to the token endpoint" "$((asked + 1))" "$(token_requests)"

    story "Profile"
    expect "email" "$user" "$(terminal profile --refresh | field email)"

    story "Metadata: update, read back"
    terminal metadata set '{"first_name": "Ada", "country": "UK"}' >/dev/null
    expect "country" UK "$(terminal metadata get country | field country)"

    story "The network goes down: still signed in"
    control offline '{}' >/dev/null
    status=0
    terminal token --force-refresh >"$work/out" 2>&1 || status=$?
    expect "a renewal now fails with the exit code for 'retry later'" 3 "$status"
    expect "state" signedIn "$(terminal state | field state)"
    control online '{}' >/dev/null
    expect_other "access token, with the network back" "$second" "$(terminal token --force-refresh | field accessToken)"

    story "Sign out"
    terminal sign-out >/dev/null
    expect "state" signedOut "$(terminal state | field state)"
    status=0
    terminal token >"$work/out" 2>&1 || status=$?
    expect "a token now fails with the exit code for 'sign in again'" 5 "$status"
    good "all $number steps as they should be, in $SECONDS s"
}

main "$@"
