"""Proves that the tests of the emulation find mistakes in the code for Apple systems: each is made in a copy of the core's sources, and
the tests must fail.

proofs.py COMMAND…: the command that runs the tests; PILOTLIGHT_CORE_SOURCE_DIR names the copy. PILOTLIGHT_PROOFS=WORD: only those in whose
file's path WORD is.
proofs.py --check: only that the sources still have what each of them replaces.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "rust-core/src"
KEYCHAIN = "adapters/keychain"
CRYPTO = "crypto"
TLS = "adapters/tls"
OVER_RELEASE = "CFRelease of a reference that this code does not own"


def failed(test):
    return f"{test} ... FAILED"


# What is wrong, file, old text (all of its places), new text, what the failing tests say.
MISTAKES = [
    (
        "what SecItemCopyMatching returns is not released",
        f"{KEYCHAIN}/system.rs",
        "unsafe { CFType::wrap_under_create_rule(found) }",
        "unsafe { CFType::wrap_under_get_rule(found) }",
        failed("what_works_leaves_nothing_behind"),
    ),
    (
        "the access control is not released",
        f"{KEYCHAIN}/content.rs",
        "CFType::wrap_under_create_rule(control as CFTypeRef)",
        "CFType::wrap_under_get_rule(control as CFTypeRef)",
        failed("what_works_leaves_nothing_behind"),
    ),
    (
        "the error of a refused access control is not released",
        f"{KEYCHAIN}/content.rs",
        "CFError::wrap_under_create_rule(error)",
        "CFError::wrap_under_get_rule(error)",
        failed("a_refused_access_control_leaves_nothing_behind"),
    ),
    (
        "the message of a status is not released",
        f"{KEYCHAIN}/system.rs",
        "CFString::wrap_under_create_rule(message)",
        "CFString::wrap_under_get_rule(message)",
        failed("what_fails_leaves_nothing_behind_whichever_call_it_is"),
    ),
    (
        "an item of a list is released with the list and once more",
        f"{KEYCHAIN}/system.rs",
        "CFType::wrap_under_get_rule(item)",
        "CFType::wrap_under_create_rule(item)",
        OVER_RELEASE,
    ),
    (
        "an attribute is released with its item and once more",
        f"{KEYCHAIN}/system.rs",
        "CFType::wrap_under_get_rule(*value)",
        "CFType::wrap_under_create_rule(*value)",
        OVER_RELEASE,
    ),
    (
        "a constant is released and was never retained",
        f"{KEYCHAIN}/constants.rs",
        "CFString::wrap_under_get_rule($name)",
        "CFString::wrap_under_create_rule($name)",
        OVER_RELEASE,
    ),
    (
        "the Mac's other Keychain is used",
        f"{KEYCHAIN}/system.rs",
        "constant!(kSecUseDataProtectionKeychain),\n            CFBoolean::true_value()",
        "constant!(kSecUseDataProtectionKeychain),\n            CFBoolean::false_value()",
        "-99001",
    ),
    (
        "only one of two copies is looked for",
        f"{KEYCHAIN}/system.rs",
        "constant!(kSecAttrSynchronizableAny).into_CFType()",
        "CFBoolean::false_value().into_CFType()",
        failed("an_item_moves_to_icloud_and_back_in_one_call"),
    ),
    (
        "an item is looked for in all groups of the app",
        f"{KEYCHAIN}/system.rs",
        "pairs.extend(access_group.map(|group| (constant!(kSecAttrAccessGroup), text(group))));",
        "let _ = access_group.map(|group| (constant!(kSecAttrAccessGroup), text(group)));",
        failed("the_apps_own_group_is_learned_from_what_the_system_says_of_an_item"),
    ),
    (
        "a probe of any class says what the app's own group is",
        f"{KEYCHAIN}/system.rs",
        "        query.push(class_pair(class));\n",
        "        let _ = class_pair(class);\n",
        failed("a_planted_probe_of_another_class_is_no_proof_before_the_first_unlock"),
    ),
    (
        "an item is found whatever its value is",
        f"{KEYCHAIN}/system.rs",
        "pairs.extend(item.value.map(fingerprint_pair));",
        "let _ = item.value.map(fingerprint_pair);",
        failed("a_swap_replaces_only_what_was_seen"),
    ),
    (
        "an item is not marked with its value",
        f"{KEYCHAIN}/content.rs",
        "        fingerprint_pair(Fingerprint::of(content.value)),\n",
        "        fingerprint_pair(Fingerprint::of(&crate::model::secret::SecretBytes::new(Vec::new()))),\n",
        failed("a_swap_replaces_only_what_was_seen"),
    ),
    (
        "the class is given beside the access control",
        f"{KEYCHAIN}/content.rs",
        "Some(constraint) => (constant!(kSecAttrAccessControl), access_control(&class, constraint)?),",
        "Some(constraint) => {\n"
        "            let control = access_control(&class, constraint)?;\n"
        "            return Ok(vec![(constant!(kSecAttrAccessControl), control), (constant!(kSecAttrAccessible), class.into_CFType())]);\n"
        "        }",
        failed("each_constraint_is_its_flag_over_the_class"),
    ),
    (
        "the user is asked without the app's words",
        f"{KEYCHAIN}/system.rs",
        "query.push((constant!(kSecUseAuthenticationContext), context.to_type()));",
        "let _ = (context.to_type(), &mut query);",
        failed("reading_and_writing_within_the_window_asks_once_and_with_the_apps_words"),
    ),
    (
        "signing out asks the user",
        f"{KEYCHAIN}/system.rs",
        "let query = dictionary(&query_for(item, copies));",
        "let _ = self.copy(item, copies);\n        let query = dictionary(&query_for(item, copies));",
        failed("looking_for_what_is_not_there_listing_and_signing_out_ask_nobody"),
    ),
    (
        "wiping takes other libraries' items along",
        f"{KEYCHAIN}/system.rs",
        "        query.push(kind_pair());\n",
        "        let _ = kind_pair();\n",
        failed("what_a_removed_installation_left_behind_access_control_is_wiped"),
    ),
    (
        "an item behind access control fails the whole list",
        f"{KEYCHAIN}/system.rs",
        "        constant!(kSecUseAuthenticationUISkip).into_CFType(),\n",
        "        constant!(kSecUseAuthenticationUI).into_CFType(),\n",
        failed("looking_for_what_is_not_there_listing_and_signing_out_ask_nobody"),
    ),
    (
        "a key is not released",
        f"{CRYPTO}/security_framework.rs",
        "CFType::wrap_under_create_rule(key as CFTypeRef)",
        "CFType::wrap_under_get_rule(key as CFTypeRef)",
        failed("nothing_is_left_behind_whether_it_works_or_fails"),
    ),
    (
        "what the system says of a signature is not heard",
        f"{CRYPTO}/security_framework.rs",
        "valid != 0",
        "valid != 2",
        failed("wycheproof::ecdsa_over_p256_as_der"),
    ),
    (
        "the hash of one curve is used for both",
        f"{CRYPTO}/security_framework.rs",
        "Hash::Sha384 => kSecKeyAlgorithmECDSASignatureMessageX962SHA384",
        "Hash::Sha384 => kSecKeyAlgorithmECDSASignatureMessageX962SHA256",
        failed("ecdsa::what_is_signed_verifies_in_both_forms"),
    ),
    (
        "an RSA signature may be of any length",
        f"{CRYPTO}/rsa.rs",
        "&& signature.len() == modulus.len()",
        "",
        failed("rsa::only_signatures_of_the_keys_length_are_looked_at"),
    ),
    (
        "any RSA key will do",
        f"{CRYPTO}/rsa.rs",
        "        is_acceptable(modulus, exponent)\n",
        "        (is_acceptable(modulus, exponent) || true)\n",
        failed("rsa::keys_out_of_bounds_verify_nothing"),
    ),
    (
        "the numbers of a signature may have any size",
        f"{CRYPTO}/ecdsa.rs",
        "(digits.len(), digits) < (order.len(), order)",
        "(digits.len(), digits) < (order.len() + 1, order)",
        failed("the_system_is_asked_only_what_the_rules_let_through"),
    ),
    (
        "a shared secret is not released",
        f"{TLS}/system_key_exchange.rs",
        "CFData::wrap_under_create_rule(data)",
        "CFData::wrap_under_get_rule(data)",
        failed("nothing_is_left_behind_whether_it_works_or_fails"),
    ),
    (
        "on a Mac the key comes from the other Keychain",
        f"{TLS}/system_key_exchange.rs",
        "CFBoolean::true_value()",
        "CFBoolean::false_value()",
        "the Mac's other Keychain",
    ),
    (
        "TLS 1.3 takes another curve than the scheme names",
        f"{TLS}/system_signatures.rs",
        ".filter(|curve| version == Version::Tls12 || *curve == named)",
        ".filter(|curve| version == Version::Tls12 || *curve != named)",
        failed("certificates::a_scheme_names_the_curve_in_tls_1_3_only"),
    ),
    (
        "TLS 1.3 takes what is signed with PKCS #1 v1.5",
        f"{TLS}/system_signatures.rs",
        "version == Version::Tls12 || !matches!(self, Self::Rsa(Padding::Pkcs1, _))",
        "version == Version::Tls12 || !matches!(self, Self::Rsa(Padding::Pss, _))",
        failed("certificates::pkcs_1_signs_no_handshake_of_tls_1_3_and_unknown_schemes_none"),
    ),
    (
        "a certificate is not released",
        f"{CRYPTO}/security_framework.rs",
        "CFType::wrap_under_create_rule(certificate as CFTypeRef)",
        "CFType::wrap_under_get_rule(certificate as CFTypeRef)",
        failed("certificates_leave_nothing_behind"),
    ),
    (
        "what is hashed with SHA-384 ends as with SHA-512",
        f"{CRYPTO}/common_crypto.rs",
        "Self::Sha384(context) => CC_SHA384_Final(place, context),",
        "Self::Sha384(context) => CC_SHA256_Final(place, (&raw mut *context).cast()),",
        failed("hashes::the_standards_examples"),
    ),
    (
        "every HMAC is by SHA-256",
        f"{CRYPTO}/common_crypto.rs",
        "Hash::Sha384 => 3,",
        "Hash::Sha384 => 2,",
        failed("hashes::each_suite_derives_the_same_keys_as_rings"),
    ),
    (
        "what was hashed so far is not in a copy",
        f"{TLS}/system_hashes.rs",
        "Box::new(Self(self.0.clone()))",
        "Box::new(Self(Context::new(Hash::Sha256)))",
        failed("hashes::each_suite_hashes_a_handshake_as_it_has_to"),
    ),
    (
        "a record's tag is not looked at",
        f"{TLS}/aes_gcm.rs",
        "key.open(nonce, aad, content, tag).ok_or(Error::DecryptError)?;",
        "let _ = key.open(nonce, aad, content, tag);",
        failed("handshakes::a_record_that_was_changed_on_the_way_is_refused"),
    ),
    (
        "a record of TLS 1.2 may hold more than it may",
        f"{TLS}/aes_gcm.rs",
        "if length > LARGEST_FRAGMENT {",
        "if length > LARGEST_FRAGMENT + 1 {",
        failed("records::a_record_that_holds_too_much_is_refused"),
    ),
    (
        "every record of TLS 1.3 has the same nonce",
        f"{TLS}/aes_gcm.rs",
        "let nonce = Nonce::new(&self.1, sequence);\n        let tag",
        "let nonce = Nonce::new(&self.1, 0 * sequence);\n        let tag",
        failed("handshakes::every_suite_carries_what_is_sent"),
    ),
    (
        "a signature by Ed25519 verifies whatever was signed",
        f"{CRYPTO}/dalek.rs",
        "raw_verify::<Sha512>(&key, message, &signature).is_ok()",
        "raw_verify::<Sha512>(&key, message, &signature).is_ok() | true",
        failed("ed25519::every_bit_of_key_message_and_signature_counts"),
    ),
    (
        "a share that brings nothing in is taken",
        f"{TLS}/x25519.rs",
        "== 0",
        "== 1",
        failed("key_exchange::what_is_no_point_of_x25519_or_brings_nothing_in_is_refused"),
    ),
    (
        "every handshake has the same private key",
        f"{TLS}/x25519.rs",
        "getrandom::fill(private.as_mut())",
        "getrandom::fill(&mut [0; 32])",
        failed("key_exchange::no_two_exchanges_have_the_same_key"),
    ),
]


def chosen():
    return [mistake for mistake in MISTAKES if os.environ.get("PILOTLIGHT_PROOFS", "") in mistake[1]]


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    if old not in text:
        sys.exit(f"{path.name} no longer has: {old}")
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(command, sources, words):
    """What the tests say, up to `words`: with some mistakes a test runs for ever."""
    environment = dict(os.environ, PILOTLIGHT_CORE_SOURCE_DIR=str(sources), RUST_BACKTRACE="0")
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
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    replace(folder / file, old, new)
    output = run(command, folder, words)
    if "error: could not compile" in output:
        sys.exit(f"{name}: this does not compile\n{output}")
    return words in output


def check():
    with tempfile.TemporaryDirectory(prefix="pilotlight.") as folder:
        for _, file, old, new, _ in MISTAKES:
            copy = shutil.copy(SOURCES / file, folder)
            replace(pathlib.Path(copy), old, new)
    return 0


def main(command):
    if command == ["--check"]:
        return check()
    missed = 0
    # One folder for all, so that cargo builds the same thing each time.
    with tempfile.TemporaryDirectory(prefix="pilotlight.") as folder:
        for mistake in chosen():
            found = is_found(mistake, command, pathlib.Path(folder))
            missed += not found
            print(f"{'found ' if found else 'MISSED'}  {mistake[0]}", flush=True)
    print(f"{len(chosen()) - missed} passed, {missed} failed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
