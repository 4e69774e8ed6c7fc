//! The relying-party modules of the OpenID Foundation's conformance suite that apply to a public native client, one
//! small file each, named like the module in the suite. In each, the identity server plays the suite's provider with
//! that module's misbehaviour, and the relying party is a process that has just started, in real time.
//!
//! `docs/conformance.md` has the same table; `PILOTLIGHT_WRITE_DOCUMENTS=1 cargo test --test conformance` writes it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod plan;
mod provider;
mod table;

mod aggregated_claims;
mod client_test;
mod discovery_issuer_mismatch;
mod discovery_jwks_uri_keys;
mod discovery_openid_config;
mod distributed_claims;
mod fapi2_client_test_happy_path;
mod fapi2_client_test_happy_path_no_dpop_nonce;
mod fapi2_client_test_invalid_iss;
mod fapi2_client_test_invalid_missing_aud;
mod fapi2_client_test_invalid_state;
mod fapi2_client_test_iss_missing;
mod fapi2_client_test_null_alg;
mod fapi2_client_test_rs_dpop_auth_scheme_case;
mod fapi2_client_test_second_aud;
mod fapi2_client_test_state_missing;
mod fapi2_client_test_token_type_case;
mod idtoken_sig_none;
mod idtoken_sig_rs256;
mod invalid_aud;
mod invalid_iss;
mod invalid_sig_es256;
mod invalid_sig_rs256;
mod kid_absent_multiple_jwks;
mod kid_absent_single_jwks;
mod missing_aud;
mod missing_iat;
mod missing_sub;
mod nonce_invalid;
mod refresh_token;
mod refresh_token_invalid_issuer;
mod refresh_token_invalid_sub;
mod rp_init_logout;
mod rp_init_logout_no_state;
mod rp_init_logout_other_state;
mod scope_userinfo_claims;
mod signing_key_rotation;
mod signing_key_rotation_just_before_signing;
mod userinfo_bearer_header;
mod userinfo_invalid_sub;
mod userinfo_signed;
