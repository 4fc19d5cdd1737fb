//! Who may connect, and over what: passwords, tokens, NKeys, credentials, certificates, with real servers.

use std::path::{Path, PathBuf};
use std::process::Command;

use async_nats::ConnectOptions;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mlog_ship::sink::nats::{Nats, Url};
use mlog_ship::sink::{Answer, Attempt, Sink};
use nkeys::KeyPair;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cluster::{self, Cluster};
use crate::lanes::{TIMEOUT, batch, given};
use crate::peer::Peer;

/// What becomes of a first batch with this URL.
fn first(cluster: &Cluster, user: &str, more: &str) -> Result<(), String> {
    let url = format!("nats://{user}{}/LOGS?subject=logs.{{host}}.{{service}}{more}", cluster.hosts());
    let nats = Nats::new(Url::parse(&url).unwrap(), true, TIMEOUT);
    match nats.lane(given("ab12", "web", ""))?.deliver(&batch("web", 1), Attempt::First) {
        Answer::Taken { .. } => Ok(()),
        Answer::Later { reason, sent, .. } => {
            assert_eq!(sent, Attempt::First);
            Err(reason)
        }
        other => panic!("{other:?}"),
    }
}

fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn assert_refused(result: Result<(), String>, says: &str) {
    let reason = result.unwrap_err();
    assert!(reason.contains(says) && !reason.contains('\n') && !reason.contains("secret"), "{reason}");
}

#[test]
fn a_password_is_in_the_url_or_in_a_file() {
    let Some(program) = cluster::server() else { return };
    let cluster =
        Cluster::with(&program, 1, "authorization { users: [{ user: shipper, password: \"s@:secret\" }] }");
    let folder = tempfile::tempdir().unwrap();
    let good = file(&folder, "good", "s@:secret\nsecond line\n");
    let wrong = file(&folder, "wrong", "secret\n");
    let empty = file(&folder, "empty", "\n");
    assert_eq!(first(&cluster, "shipper@", &format!("&replicas=1&password-file={good}")), Ok(()));
    assert_eq!(first(&cluster, "shipper:s%40%3asecret@", ""), Ok(()));
    assert_refused(
        first(&cluster, "shipper@", &format!("&password-file={wrong}")),
        "authorization violation",
    );
    assert_refused(first(&cluster, "", ""), "authorization violation");
    assert_refused(
        first(&cluster, "shipper@", &format!("&password-file={empty}")),
        "the first line is empty",
    );
    assert_refused(first(&cluster, "shipper@", "&password-file=/nowhere"), "/nowhere: ");
}

#[test]
fn a_token_or_a_key_is_in_a_file() {
    let Some(program) = cluster::server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::with(&program, 1, "authorization { token: tok }");
    let token = file(&folder, "token", "tok\n");
    assert_eq!(first(&cluster, "", &format!("&replicas=1&token-file={token}")), Ok(()));
    let key = KeyPair::new_user();
    let users = format!("authorization {{ users: [{{ nkey: {} }}] }}", key.public_key());
    let cluster = Cluster::with(&program, 1, &users);
    let good = file(&folder, "good.nk", &format!("{}\n", key.seed().unwrap()));
    let wrong = file(&folder, "wrong.nk", &KeyPair::new_user().seed().unwrap());
    assert_eq!(first(&cluster, "", &format!("&replicas=1&nkey={good}")), Ok(()));
    assert_refused(first(&cluster, "", &format!("&nkey={wrong}")), "authorization violation");
    let senseless = file(&folder, "senseless", "x");
    assert_refused(first(&cluster, "", &format!("&nkey={senseless}")), "no connection");
    assert_refused(first(&cluster, "", &format!("&creds={senseless}")), "cannot parse");
}

/// A token of a chain of accounts, signed.
fn jwt(signer: &KeyPair, name: &str, subject: &KeyPair, nats: Value) -> String {
    let coded = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = coded(json!({ "typ": "JWT", "alg": "ed25519-nkey" }));
    let claims = coded(json!({
        "jti": name, "iat": 1_700_000_000, "iss": signer.public_key(), "name": name, "sub": subject.public_key(), "nats": nats,
    }));
    let text = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(signer.sign(text.as_bytes()).unwrap());
    format!("{text}.{signature}")
}

#[test]
fn a_file_of_credentials_is_enough() {
    let Some(program) = cluster::server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (operator, account, system, user) =
        (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account(), KeyPair::new_user());
    let limits = json!({
        "subs": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1, "data": -1, "payload": -1, "wildcards": true,
        "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
    });
    let of_account = json!({ "limits": limits, "type": "account", "version": 2 });
    let of_system = json!({ "limits": { "subs": -1, "conn": -1, "data": -1, "payload": -1 }, "type": "account", "version": 2 });
    let of_operator = json!({ "type": "operator", "version": 2, "system_account": system.public_key() });
    let of_user =
        json!({ "subs": -1, "data": -1, "payload": -1, "type": "user", "version": 2, "pub": {}, "sub": {} });
    let config = format!(
        "operator: {}\nresolver: MEMORY\nsystem_account: {}\nresolver_preload: {{ {}: {}, {}: {} }}",
        jwt(&operator, "O", &operator, of_operator),
        system.public_key(),
        account.public_key(),
        jwt(&operator, "A", &account, of_account),
        system.public_key(),
        jwt(&operator, "SYS", &system, of_system),
    );
    let cluster = Cluster::with(&program, 1, &config);
    let text = format!(
        "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        jwt(&account, "u", &user, of_user),
        user.seed().unwrap(),
    );
    let creds = file(&folder, "user.creds", &text);
    assert_eq!(first(&cluster, "", &format!("&replicas=1&creds={creds}")), Ok(()), "{}", cluster.log(0));
    assert_refused(first(&cluster, "", ""), "authorization violation");
}

/// A certificate of an authority of our own, as files `ca.pem`, `NAME.pem` and `NAME.key`. False: there is no openssl.
fn certificates(folder: &Path) -> bool {
    let openssl = |arguments: &str| {
        let run = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
        run.is_ok_and(|output| output.status.success())
    };
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    let made = openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem")
        && ["server", "client"].iter().all(|name| {
            openssl(&format!("req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"))
                && openssl(&format!(
                    "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out {name}.pem"
                ))
        });
    if !made {
        eprintln!("skipped: openssl makes no certificates here");
    }
    made
}

#[test]
fn a_connection_is_encrypted_and_both_sides_are_known() {
    let Some(program) = cluster::server() else { return };
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path()) {
        return;
    }
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    let (ca, certificate, key) = (path("ca.pem"), path("client.pem"), path("client.key"));
    let tls = |more: &str| {
        let (ca, certificate, key) = (ca.display(), path("server.pem"), path("server.key"));
        format!("tls {{ cert_file: {:?}, key_file: {:?}, ca_file: \"{ca}\", {more} }}", certificate, key)
    };
    let known = format!("&replicas=1&ca={}", ca.display());
    let plain = Cluster::with(&program, 1, &tls(""));
    assert_eq!(first(&plain, "", &known), Ok(()));
    assert_refused(first(&plain, "", ""), "no connection");
    let mutual = Cluster::with(&program, 1, &tls("verify: true"));
    assert_refused(first(&mutual, "", &known), "no connection");
    let both = format!("{known}&cert={}&key={}", certificate.display(), key.display());
    assert_eq!(first(&mutual, "", &both), Ok(()));
    let early = Cluster::with(&program, 1, &tls("handshake_first: true"));
    assert_eq!(first(&early, "", &format!("{known}&tls=first")), Ok(()));
    let without = Cluster::of(&program, 1);
    assert_refused(first(&without, "", &known), "no connection");
}

#[test]
fn what_a_user_may_not_do_is_said() {
    let Some(program) = cluster::server() else { return };
    let user = "user: u, password: p, permissions: { publish: [\"$JS.API.STREAM.INFO.LOGS\", \"$JS.API.STREAM.MSG.GET.LOGS\"] }";
    let config = format!("authorization {{ users: [{{ user: a, password: a }}, {{ {user} }}] }}");
    let cluster = Cluster::with(&program, 1, &config);
    let peer = Peer::with(&cluster.hosts(), ConnectOptions::with_user_and_password("a".into(), "a".into()));
    let stream = json!({ "name": "LOGS", "subjects": ["logs.>"], "storage": "file", "retention": "limits" });
    assert!(peer.api("STREAM.CREATE.LOGS", &stream).get("error").is_none());
    let url = format!("nats://u:p@{}/LOGS?subject=logs.{{host}}.{{service}}", cluster.hosts());
    let nats = Nats::new(Url::parse(&url).unwrap(), false, TIMEOUT);
    let mut lane = nats.lane(given("ab12", "web", "")).unwrap();
    let Answer::Later { reason, .. } = lane.deliver(&batch("web", 1), Attempt::First) else { panic!() };
    assert!(
        reason.to_lowercase().contains("permissions violation") && reason.contains("logs.h.web"),
        "{reason}"
    );
}
