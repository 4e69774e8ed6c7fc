//! The committed archives: each is read to the last field in use, and data that is not an archive is refused by name.

use std::path::PathBuf;

use base64::Engine;
use pilotlight_core::model::profile::Profile;
use pilotlight_core::model::secret::{Secret, SecretBytes};
use pilotlight_core::model::time::Timestamp;
use pilotlight_core::storage::migration::identity::UnverifiedIdentity;
use pilotlight_core::storage::migration::{ForeignSession, ImportProblem, lock, read_archive};
use serde_json::json;

fn file(folder: &str, name: &str) -> SecretBytes {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder).join(name);
    SecretBytes::new(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn golden(name: &str) -> Result<ForeignSession, ImportProblem> {
    read_archive(&file("../testing/foreign-archives", &format!("{name}.archive")))
}

fn harmful(name: &str) -> SecretBytes {
    file("fuzz/corpus/foreign_archive", name)
}

fn exposed(token: Option<&Secret>) -> Option<&str> {
    token.map(Secret::expose)
}

fn subject(session: &ForeignSession) -> String {
    let id_token = session.id_token.as_ref().unwrap();
    let identity = UnverifiedIdentity::read(id_token, "https://tenant.eu.auth0.com", "native-app").unwrap();
    assert_eq!(identity.issuer, "https://tenant.eu.auth0.com/");
    identity.subject
}

fn assert_all_of_old(session: &ForeignSession, name: &str) {
    assert_eq!(exposed(session.access_token.as_ref()), Some("access-of-old"), "{name}");
    assert_eq!(
        exposed(session.refresh_token.as_ref()),
        Some("refresh-of-old"),
        "{name}"
    );
    assert_eq!(session.expires_at, Some(Timestamp(1_800_000_000)), "{name}");
    assert_eq!(
        session.scope.as_deref(),
        Some("openid profile offline_access"),
        "{name}"
    );
    assert_eq!(subject(session), "auth0|ada", "{name}");
}

#[test]
fn credentials_of_every_version_of_auth0_swift() {
    for name in ["auth0-swift-1.20", "auth0-swift-2.14", "auth0-swift-3.1"] {
        let session = golden(name).unwrap();
        assert_all_of_old(&session, name);
    }
    let without = golden("auth0-swift-1.39-without-refresh-token").unwrap();
    assert_eq!((without.refresh_token, without.scope), (None, None));
    assert_eq!(exposed(without.access_token.as_ref()), Some("access-of-old"));
    let empty = golden("auth0-swift-empty").unwrap();
    assert_eq!(
        (empty.access_token, empty.refresh_token, empty.id_token),
        (None, None, None)
    );
    let bound = golden("auth0-swift-3.1-dpop").unwrap();
    assert!(bound.is_bound && bound.proof_key.is_none(), "its key is another item");
    assert!(!golden("auth0-swift-3.1").unwrap().is_bound);
}

#[test]
fn states_of_both_versions_of_app_auth() {
    for name in ["app-auth-1.6", "app-auth-2.1"] {
        let session = golden(name).unwrap();
        // The refresh token is the state's, which is newer than that of the last response.
        assert_all_of_old(&session, name);
        assert_eq!(session.client_id.as_deref(), Some("native-app"), "{name}");
    }
    assert_eq!(golden("app-auth-needs-refresh").unwrap().expires_at, Some(Timestamp(0)));
    assert_eq!(golden("app-auth-ended"), Err(ImportProblem::Ended));
}

#[test]
fn the_profile_that_lock_had_apps_keep() {
    let bytes = file("../testing/foreign-archives", "lock-1-profile.archive");
    assert_eq!(read_archive(&bytes), Err(ImportProblem::UnknownContent));
    let claims = lock::read_profile(&bytes).unwrap().0;
    assert!(
        !serde_json::to_string(&claims).unwrap().contains("at-facebook"),
        "a social provider's tokens stay behind"
    );
    let profile = Profile::from_claims(claims, Timestamp(0)).unwrap();
    assert_eq!(profile.subject, "auth0|ada");
    assert_eq!(profile.name.as_deref(), Some("Ada Lövelace"));
    assert_eq!(profile.nickname.as_deref(), Some("ada"));
    assert_eq!(profile.email.as_deref(), Some("ada@example.com"));
    assert_eq!(profile.email_verified, Some(true));
    assert_eq!(profile.picture.as_deref(), Some("https://example.com/ada.png"));
    assert_eq!(
        serde_json::Value::Object(profile.other_claims.0),
        json!({
            "user_id": "auth0|ada",
            "created_at": 1_400_000_000,
            "last_login": 1_500_000_000,
            "roles": ["admin", "author"],
            "user_metadata": {"first_name": "Ada", "size": 42, "ratio": 0.5, "none": null},
            "identities": [{
                "user_id": "1", "provider": "facebook", "connection": "facebook", "isSocial": true,
                "profileData": {"locale": "en_GB"},
            }],
        })
    );
}

#[test]
fn what_is_no_archive_of_a_session_is_refused_by_name() {
    for (name, problem) in [
        ("root-refers-to-itself", ImportProblem::UnknownContent),
        ("root-is-nothing", ImportProblem::UnknownContent),
        ("root-is-text", ImportProblem::UnknownContent),
        ("class-refers-to-itself", ImportProblem::UnknownContent),
        ("cycle", ImportProblem::UnknownContent),
        ("doubling", ImportProblem::UnknownContent),
        ("other-class", ImportProblem::UnknownContent),
        ("other-archiver", ImportProblem::Malformed),
        ("property-list", ImportProblem::Malformed),
        ("xml", ImportProblem::Malformed),
        ("cut-off", ImportProblem::Malformed),
        ("trailer-only", ImportProblem::Malformed),
        ("list-in-itself", ImportProblem::Malformed),
        ("empty", ImportProblem::Malformed),
        ("deep", ImportProblem::TooLarge),
    ] {
        assert_eq!(read_archive(&harmful(name)), Err(problem), "{name}");
    }
    let large = SecretBytes::new(vec![b' '; 300 * 1024]);
    assert_eq!(read_archive(&large), Err(ImportProblem::TooLarge));
}

/// The archives of a state and of credentials, each transformed by `wrap`.
fn wrapped(wrap: impl Fn(plist::Value) -> plist::Value) -> [Result<ForeignSession, ImportProblem>; 2] {
    ["app-auth-2.1", "auth0-swift-3.1"].map(|name| {
        let bytes = file("../testing/foreign-archives", &format!("{name}.archive"));
        let value = plist::Value::from_reader(std::io::Cursor::new(bytes.expose())).unwrap();
        read_archive(&SecretBytes::new(written(&wrap(value))))
    })
}

fn written(value: &plist::Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.to_writer_binary(&mut bytes).unwrap();
    bytes
}

fn member<'a>(file: &'a mut plist::Value, name: &str) -> &'a mut plist::Value {
    file.as_dictionary_mut().unwrap().get_mut(name).unwrap()
}

/// Puts the new root in front of the `objects` of the archived root, and makes `$top` point to it.
fn under(mut file: plist::Value, key: &str, new_root: impl Fn(plist::Value) -> plist::Value) -> plist::Value {
    let top = member(&mut file, "$top").as_dictionary_mut().unwrap();
    let old_root = top.remove("root").unwrap();
    let objects = member(&mut file, "$objects").as_array_mut().unwrap();
    objects.push(new_root(old_root));
    let root = plist::Value::Uid(plist::Uid::new(objects.len() as u64 - 1));
    let top = member(&mut file, "$top").as_dictionary_mut().unwrap();
    top.insert(key.to_owned(), root);
    file
}

fn fields(members: &[(&str, plist::Value)]) -> plist::Value {
    let members = members.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    plist::Value::Dictionary(members.collect())
}

/// Apps archive the state themselves: under their own key, in a dictionary beside other values, as data in another
/// archive or in a property list, or as text.
#[test]
fn an_archived_session_is_found_whatever_its_key_and_wrapping() {
    use plist::Value;
    let renamed = |mut file: Value| {
        let top = member(&mut file, "$top").as_dictionary_mut().unwrap();
        let root = top.remove("root").unwrap();
        top.insert("authState".to_owned(), root);
        file
    };
    let beside_numbers = |file| {
        let mut file = renamed(file);
        let top = member(&mut file, "$top").as_dictionary_mut().unwrap();
        let state = top.remove("authState").unwrap();
        // In the order of their names and in the file.
        top.insert("aVersion".to_owned(), 3.into());
        top.insert("authState".to_owned(), state);
        top.insert("isNew".to_owned(), true.into());
        file
    };
    let in_an_object = |file| {
        under(file, "root", |session| {
            fields(&[("state", session), ("version", 3.into())])
        })
    };
    let in_a_dictionary = |file| {
        under(file, "app", |session| {
            fields(&[
                ("NS.keys", Value::Array(vec![])),
                ("NS.objects", Value::Array(vec![session])),
            ])
        })
    };
    let as_data = |file: Value| {
        fields(&[
            ("auth", Value::Data(written(&file))),
            ("other", Value::Data(vec![0; 9])),
        ])
    };
    let as_data_between = |file: Value| {
        fields(&[
            ("a picture", Value::Data(vec![0; 9])),
            ("auth", Value::Data(written(&file))),
            ("other", Value::Data(b"bplist00".to_vec())),
        ])
    };
    let as_archived_data = |file: Value| {
        let data = fields(&[("NS.data", Value::Data(written(&file)))]);
        fields(&[
            ("$archiver", "NSKeyedArchiver".into()),
            ("$version", 100_000.into()),
            ("$top", fields(&[("root", Value::Uid(plist::Uid::new(1)))])),
            ("$objects", Value::Array(vec!["$null".into(), data])),
        ])
    };
    let ways: [(&str, &dyn Fn(Value) -> Value); 8] = [
        ("renamed", &renamed),
        ("beside numbers", &beside_numbers),
        ("in an object", &in_an_object),
        ("in a dictionary", &in_a_dictionary),
        ("as data", &as_data),
        ("as data between other data", &as_data_between),
        ("as archived data", &as_archived_data),
        ("twice", &|file| as_archived_data(as_data(renamed(file)))),
    ];
    for (name, way) in ways {
        for session in wrapped(way) {
            assert_all_of_old(&session.unwrap_or_else(|problem| panic!("{name}: {problem:?}")), name);
        }
    }
    let bytes = file("../testing/foreign-archives", "app-auth-2.1.archive");
    let text = base64::engine::general_purpose::STANDARD.encode(bytes.expose());
    assert_all_of_old(&read_archive(&SecretBytes::new(text.into_bytes())).unwrap(), "base64");
}

#[test]
fn of_two_archived_sessions_none_is_chosen_and_no_wrapping_is_endless() {
    use plist::Value;
    let two = wrapped(|file| {
        fields(&[
            ("one", Value::Data(written(&file))),
            ("other", Value::Data(written(&file))),
        ])
    });
    assert_eq!(
        two,
        [Err(ImportProblem::UnknownContent), Err(ImportProblem::UnknownContent)]
    );
    let deep = wrapped(|file| (0..9).fold(file, |inside, _| fields(&[("a", Value::Data(written(&inside)))])));
    assert_eq!(deep, [Err(ImportProblem::TooLarge), Err(ImportProblem::TooLarge)]);
}

#[test]
fn a_field_of_another_type_is_no_field_and_a_mutable_string_is_one() {
    let session = read_archive(&harmful("wrong-types")).unwrap();
    assert_eq!(session, ForeignSession::default());
    let session = read_archive(&harmful("mutable-strings")).unwrap();
    assert_eq!(exposed(session.access_token.as_ref()), Some("access-of-old"));
    assert_eq!(exposed(session.refresh_token.as_ref()), Some("refresh-of-old"));
    let session = read_archive(&harmful("date-out-of-range")).unwrap();
    assert_eq!(session.expires_at, Some(Timestamp(i64::MAX)));
}

/// A dictionary that contains itself, and one that expands to more elements than there are atoms: the user is read, the
/// rest is ignored.
#[test]
fn a_profile_that_never_ends_is_left_where_it_is() {
    for name in ["cycle", "doubling"] {
        let claims = lock::read_profile(&harmful(name)).unwrap().0;
        assert_eq!(
            serde_json::Value::Object(claims),
            json!({"sub": "auth0|ada", "user_id": "auth0|ada"}),
            "{name}"
        );
    }
}

#[test]
fn another_issuers_and_another_clients_id_token_is_refused() {
    let id_token = golden("auth0-swift-3.1").unwrap().id_token.unwrap();
    let read = |issuer, client| UnverifiedIdentity::read(&id_token, issuer, client).map(|identity| identity.subject);
    assert_eq!(
        read("https://tenant.eu.auth0.com/", "native-app").as_deref(),
        Ok("auth0|ada")
    );
    assert_eq!(
        read("https://other.eu.auth0.com/", "native-app"),
        Err(ImportProblem::OtherIssuer)
    );
    assert_eq!(
        read("https://tenant.eu.auth0.com/", "other-app"),
        Err(ImportProblem::OtherClient)
    );
    for text in ["", "a.b", "a.b.c", "e30.e30.x"] {
        let problem = UnverifiedIdentity::read(&Secret::new(text), "https://tenant.eu.auth0.com/", "native-app");
        assert_eq!(problem, Err(ImportProblem::UnknownUser), "{text}");
    }
}
