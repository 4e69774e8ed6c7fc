//! The table of all modules, and docs/conformance.md, which shows it.

use crate::plan::Module;

const MODULES: &[Module] = &[
    crate::aggregated_claims::MODULE,
    crate::client_test::MODULE,
    crate::discovery_issuer_mismatch::MODULE,
    crate::discovery_jwks_uri_keys::MODULE,
    crate::discovery_openid_config::MODULE,
    crate::distributed_claims::MODULE,
    crate::fapi2_client_test_happy_path::MODULE,
    crate::fapi2_client_test_happy_path_no_dpop_nonce::MODULE,
    crate::fapi2_client_test_invalid_iss::MODULE,
    crate::fapi2_client_test_invalid_missing_aud::MODULE,
    crate::fapi2_client_test_invalid_state::MODULE,
    crate::fapi2_client_test_iss_missing::MODULE,
    crate::fapi2_client_test_null_alg::MODULE,
    crate::fapi2_client_test_rs_dpop_auth_scheme_case::MODULE,
    crate::fapi2_client_test_second_aud::MODULE,
    crate::fapi2_client_test_state_missing::MODULE,
    crate::fapi2_client_test_token_type_case::MODULE,
    crate::idtoken_sig_none::MODULE,
    crate::idtoken_sig_rs256::MODULE,
    crate::invalid_aud::MODULE,
    crate::invalid_iss::MODULE,
    crate::invalid_sig_es256::MODULE,
    crate::invalid_sig_rs256::MODULE,
    crate::kid_absent_multiple_jwks::MODULE,
    crate::kid_absent_single_jwks::MODULE,
    crate::missing_aud::MODULE,
    crate::missing_iat::MODULE,
    crate::missing_sub::MODULE,
    crate::nonce_invalid::MODULE,
    crate::refresh_token::MODULE,
    crate::refresh_token_invalid_issuer::MODULE,
    crate::refresh_token_invalid_sub::MODULE,
    crate::rp_init_logout::MODULE,
    crate::rp_init_logout_no_state::MODULE,
    crate::rp_init_logout_other_state::MODULE,
    crate::scope_userinfo_claims::MODULE,
    crate::signing_key_rotation::MODULE,
    crate::signing_key_rotation_just_before_signing::MODULE,
    crate::userinfo_bearer_header::MODULE,
    crate::userinfo_invalid_sub::MODULE,
    crate::userinfo_signed::MODULE,
];

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conformance.md");

#[test]
fn the_document_shows_every_module() {
    let expected = document();
    if std::env::var_os("PILOTLIGHT_WRITE_DOCUMENTS").is_some() {
        std::fs::write(DOCUMENT, &expected).unwrap();
    }
    let written = std::fs::read_to_string(DOCUMENT).unwrap_or_default();
    assert!(
        written == expected,
        "docs/conformance.md is not up to date: PILOTLIGHT_WRITE_DOCUMENTS=1 cargo test -p pilotlight-core --test conformance"
    );
}

fn document() -> String {
    let mut text = String::from(
        "# Conformance of the relying party\n\n\
         The modules of the OpenID Foundation's conformance suite for relying parties that apply to a public native client. Each is\n\
         its own test in `rust-core/tests/conformance`, against the project's identity server, which plays the suite's\n\
         provider and misbehaves as that module does. The suite itself has not been run. The tests generate this table.\n\n\
         | module | plan | what Pilotlight does | source |\n|---|---|---|---|\n",
    );
    for module in MODULES {
        let plans: Vec<_> = module.plans.iter().map(|plan| plan.name()).collect();
        text += &format!(
            "| `{}` | {} | {} | {} |\n",
            module.name,
            plans.join(", "),
            module.expects,
            module.source
        );
    }
    text
}
