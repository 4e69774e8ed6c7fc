"""Proves that the tests of the emulation find mistakes in the adapter: each is made in a copy, and the tests must fail.

proofs.py COMMAND…: the command that runs the tests; PILOTLIGHT_KEYCHAIN_ADAPTER_DIR names the copy.
proofs.py --check: only that the adapter still has what each of them replaces.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

ADAPTER = pathlib.Path(__file__).resolve().parents[2] / "rust-core/src/adapters/keychain"
OVER_RELEASE = "CFRelease of a reference that this code does not own"


def failed(test):
    return f"{test} ... FAILED"


# What is wrong, file, old text (all of its places), new text, what the failing tests say.
MISTAKES = [
    (
        "what SecItemCopyMatching returns is not released",
        "system.rs",
        "unsafe { CFType::wrap_under_create_rule(found) }",
        "unsafe { CFType::wrap_under_get_rule(found) }",
        failed("what_works_leaves_nothing_behind"),
    ),
    (
        "the access control is not released",
        "content.rs",
        "CFType::wrap_under_create_rule(control as CFTypeRef)",
        "CFType::wrap_under_get_rule(control as CFTypeRef)",
        failed("what_works_leaves_nothing_behind"),
    ),
    (
        "the error of a refused access control is not released",
        "content.rs",
        "CFError::wrap_under_create_rule(error)",
        "CFError::wrap_under_get_rule(error)",
        failed("a_refused_access_control_leaves_nothing_behind"),
    ),
    (
        "the message of a status is not released",
        "system.rs",
        "CFString::wrap_under_create_rule(message)",
        "CFString::wrap_under_get_rule(message)",
        failed("what_fails_leaves_nothing_behind_whichever_call_it_is"),
    ),
    (
        "an item of a list is released with the list and once more",
        "system.rs",
        "CFType::wrap_under_get_rule(item)",
        "CFType::wrap_under_create_rule(item)",
        OVER_RELEASE,
    ),
    (
        "an attribute is released with its item and once more",
        "system.rs",
        "CFType::wrap_under_get_rule(*value)",
        "CFType::wrap_under_create_rule(*value)",
        OVER_RELEASE,
    ),
    (
        "a constant is released and was never retained",
        "constants.rs",
        "CFString::wrap_under_get_rule($name)",
        "CFString::wrap_under_create_rule($name)",
        OVER_RELEASE,
    ),
    (
        "the Mac's other Keychain is used",
        "system.rs",
        "constant!(kSecUseDataProtectionKeychain),\n            CFBoolean::true_value()",
        "constant!(kSecUseDataProtectionKeychain),\n            CFBoolean::false_value()",
        "-99001",
    ),
    (
        "only one of two copies is looked for",
        "system.rs",
        "constant!(kSecAttrSynchronizableAny).into_CFType()",
        "CFBoolean::false_value().into_CFType()",
        failed("an_item_moves_to_icloud_and_back_in_one_call"),
    ),
    (
        "an item is looked for in all groups of the app",
        "system.rs",
        "pairs.extend(access_group.map(|group| (constant!(kSecAttrAccessGroup), text(group))));",
        "let _ = access_group.map(|group| (constant!(kSecAttrAccessGroup), text(group)));",
        failed("the_apps_own_group_is_learned_from_what_the_system_says_of_an_item"),
    ),
    (
        "a probe of any class says what the app's own group is",
        "system.rs",
        "        query.push(class_pair(class));\n",
        "        let _ = class_pair(class);\n",
        failed("a_planted_probe_of_another_class_is_no_proof_before_the_first_unlock"),
    ),
    (
        "an item is found whatever its value is",
        "system.rs",
        "pairs.extend(item.value.map(fingerprint_pair));",
        "let _ = item.value.map(fingerprint_pair);",
        failed("a_swap_replaces_only_what_was_seen"),
    ),
    (
        "an item is not marked with its value",
        "content.rs",
        "        fingerprint_pair(Fingerprint::of(content.value)),\n",
        "        fingerprint_pair(Fingerprint::of(&crate::model::secret::SecretBytes::new(Vec::new()))),\n",
        failed("a_swap_replaces_only_what_was_seen"),
    ),
    (
        "the class is given beside the access control",
        "content.rs",
        "Some(constraint) => (constant!(kSecAttrAccessControl), access_control(&class, constraint)?),",
        "Some(constraint) => {\n"
        "            let control = access_control(&class, constraint)?;\n"
        "            return Ok(vec![(constant!(kSecAttrAccessControl), control), (constant!(kSecAttrAccessible), class.into_CFType())]);\n"
        "        }",
        failed("each_constraint_is_its_flag_over_the_class"),
    ),
    (
        "the user is asked without the app's words",
        "system.rs",
        "query.push((constant!(kSecUseAuthenticationContext), context.to_type()));",
        "let _ = (context.to_type(), &mut query);",
        failed("reading_and_writing_within_the_window_asks_once_and_with_the_apps_words"),
    ),
    (
        "signing out asks the user",
        "system.rs",
        "let query = dictionary(&query_for(item, copies));",
        "let _ = self.copy(item, copies);\n        let query = dictionary(&query_for(item, copies));",
        failed("looking_for_what_is_not_there_listing_and_signing_out_ask_nobody"),
    ),
    (
        "wiping takes other libraries' items along",
        "system.rs",
        "        query.push(kind_pair());\n",
        "        let _ = kind_pair();\n",
        failed("what_a_removed_installation_left_behind_access_control_is_wiped"),
    ),
    (
        "an item behind access control fails the whole list",
        "system.rs",
        "        constant!(kSecUseAuthenticationUISkip).into_CFType(),\n",
        "        constant!(kSecUseAuthenticationUI).into_CFType(),\n",
        failed("looking_for_what_is_not_there_listing_and_signing_out_ask_nobody"),
    ),
]


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    if old not in text:
        sys.exit(f"{path.name} no longer has: {old}")
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(command, adapter, words):
    """What the tests say, up to `words`: with some mistakes a test runs for ever."""
    environment = dict(os.environ, PILOTLIGHT_KEYCHAIN_ADAPTER_DIR=str(adapter), RUST_BACKTRACE="0")
    announced = ""
    with subprocess.Popen([*command, "--no-fail-fast"], env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, start_new_session=True) as tests:
        for line in tests.stdout:
            announced += line
            if words in line:
                os.killpg(tests.pid, signal.SIGKILL)
                break
    return announced


def is_found(mistake, command, folder):
    name, file, old, new, words = mistake
    shutil.copytree(ADAPTER, folder, dirs_exist_ok=True)
    replace(folder / file, old, new)
    output = run(command, folder, words)
    if "error: could not compile" in output:
        sys.exit(f"{name}: this does not compile\n{output}")
    return words in output


def check():
    with tempfile.TemporaryDirectory(prefix="pilotlight.") as folder:
        for _, file, old, new, _ in MISTAKES:
            copy = shutil.copy(ADAPTER / file, folder)
            replace(pathlib.Path(copy), old, new)
    return 0


def main(command):
    if command == ["--check"]:
        return check()
    missed = 0
    # One folder for all, so that cargo builds the same thing each time.
    with tempfile.TemporaryDirectory(prefix="pilotlight.") as folder:
        for mistake in MISTAKES:
            found = is_found(mistake, command, pathlib.Path(folder))
            missed += not found
            print(f"{'found ' if found else 'MISSED'}  {mistake[0]}", flush=True)
    print(f"{len(MISTAKES) - missed} passed, {missed} failed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
