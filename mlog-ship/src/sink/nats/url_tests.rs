//! The URL: what is read, and every error.

use std::time::Duration;

use proptest::prelude::*;

use super::url::*;

const SUBJECT: &str = "subject=logs.{host}.{service}";

fn with(rest: &str) -> Result<Url, String> {
    Url::parse(&format!("nats://a/LOGS?{SUBJECT}{rest}"))
}

fn server(host: &str, port: u16) -> Server {
    Server { host: host.into(), port }
}

#[test]
fn the_shortest_url_says_the_rest() {
    let url = with("").unwrap();
    assert_eq!(url.servers, [server("a", 4222)]);
    assert_eq!((url.login, url.tls, url.level), (Login::Nobody, Tls::Offered, None));
    assert_eq!((url.stream.name.as_str(), url.stream.replicas), ("LOGS", 3));
    assert_eq!((url.stream.age, url.stream.bytes, url.stream.discard), (None, None, Discard::Old));
}

#[test]
fn servers_have_names_addresses_and_ports() {
    let url =
        Url::parse(&format!("nats://a,b.example:1,10.0.0.1:65535,[::1],[fe80::1]:99/L?{SUBJECT}")).unwrap();
    let wanted = [
        server("a", 4222),
        server("b.example", 1),
        server("10.0.0.1", 65535),
        server("::1", 4222),
        server("fe80::1", 99),
    ];
    assert_eq!(url.servers, wanted);
}

#[test]
fn options_are_read() {
    let url = with(
        "&tls=first&ca=/a%20b&cert=c&key=k&zstd=3&domain=hub&adopt=0f&replicas=5&max-age=30d&max-bytes=100G&discard=new",
    );
    let url = url.unwrap();
    assert_eq!((url.tls, url.ca, url.level), (Tls::First, Some("/a b".into()), Some(3)));
    assert_eq!(url.certificate, Some(("c".into(), "k".into())));
    assert_eq!((url.domain.as_deref(), url.adopt.as_deref()), (Some("hub"), Some("0f")));
    let stream = Stream {
        name: "LOGS".into(),
        replicas: 5,
        age: Some(Duration::from_secs(30 * 86_400)),
        bytes: Some(100 << 30),
        discard: Discard::New,
    };
    assert_eq!(url.stream, stream);
    assert_eq!(with("&ca=x").unwrap().tls, Tls::Required);
}

#[test]
fn whoever_connects_says_who() {
    let login = |before: &str, rest: &str| {
        Url::parse(&format!("nats://{before}a/L?{SUBJECT}{rest}")).map(|url| url.login)
    };
    assert_eq!(login("u:p%40%3a:@", ""), Ok(Login::Password("u".into(), "p@::".into())));
    assert_eq!(login("u@v:p@", ""), Ok(Login::Password("u@v".into(), "p".into())));
    assert_eq!(login("u@", "&password-file=/x"), Ok(Login::PasswordFile("u".into(), "/x".into())));
    assert_eq!(login("", "&token-file=/x"), Ok(Login::TokenFile("/x".into())));
    assert_eq!(login("", "&creds=/x"), Ok(Login::Credentials("/x".into())));
    assert_eq!(login("", "&nkey=/x"), Ok(Login::Nkey("/x".into())));
    assert!(!format!("{:?}", login("u:secret@", "")).contains("secret"));
    for (before, rest, says) in [
        ("u@", "", "without a password"),
        ("", "&password-file=x", "without a user"),
        ("u:secret@", "&creds=x", "in two ways"),
        ("u:secret@", "&password-file=x", "in two ways"),
        ("u@", "&nkey=x", "in two ways"),
        ("", "&nkey=x&creds=y", "in two ways"),
        ("@", "", "without a user"),
        (":secret@", "", "without a user"),
        ("u:%zz@", "", "% in the password"),
        ("%ff:x@", "", "user that is not UTF-8"),
    ] {
        let error = login(before, rest).unwrap_err();
        assert!(error.contains(says) && !error.contains("secret"), "{before}{rest}: {error}");
    }
}

#[test]
fn the_page_has_every_option() {
    let page = include_str!("../../../../docs/ship/nats.md");
    for name in OPTIONS {
        assert!(page.contains(&format!("`{name}=")) || page.contains(&format!("&{name}=")), "{name}");
    }
    let urls: Vec<&str> = page.split('\'').filter(|text| text.starts_with("nats://")).collect();
    assert!(urls.len() >= 3);
    for url in urls {
        assert!(Url::parse(url).is_ok(), "{url}");
    }
}

fn assert_says(rows: &[(&str, &str)]) {
    for (text, says) in rows {
        let error = Url::parse(text).unwrap_err();
        assert!(error.contains(says), "{text}: {error}");
        assert!(!error.contains('\n'), "{text}: {error}");
    }
}

#[test]
fn what_is_wrong_with_servers_and_stream_is_said() {
    assert_says(&[
        ("tls://a/L?subject=x", "begins with nats://"),
        ("nats://a", "names no stream"),
        ("nats://a?subject=x/y", "names no stream"),
        ("nats:///L?subject=x", "has no name"),
        ("nats://a,/L?subject=x", "has no name"),
        ("nats://a b/L?subject=x", "has no name"),
        ("nats://a:/L?subject=x", "has no port"),
        ("nats://a:0/L?subject=x", "has no port"),
        ("nats://a:65536/L?subject=x", "has no port"),
        ("nats://a:x/L?subject=x", "has no port"),
        ("nats://::1/L?subject=x", "has no name"),
        ("nats://[::1/L?subject=x", "is no address"),
        ("nats://[x]/L?subject=x", "is no address"),
        ("nats://[::1]4222/L?subject=x", "has no port"),
        ("nats://a/?subject=x", "has a stream"),
        ("nats://a/A.B?subject=x", "has a stream"),
        ("nats://a/A%20B?subject=x", "has a stream"),
        ("nats://a/A/B?subject=x", "has a stream"),
        ("nats://a/A*?subject=x", "has a stream"),
        ("nats://a/L%?subject=x", "has a stream"),
    ]);
}

#[test]
fn what_is_wrong_with_options_is_said() {
    assert_says(&[
        ("nats://a/L", "has no subject="),
        ("nats://a/L?", "has no subject="),
        ("nats://a/L?subject=", "nothing behind subject="),
        ("nats://a/L?subject=a..b", "subject= has an empty token"),
        ("nats://a/L?subject=%ff", "subject= is not UTF-8"),
        ("nats://a/L?subject=x&subject=y", "has subject= twice"),
        ("nats://a/L?subject=x&colour=red", "\"colour\""),
        ("nats://a/L?subject=x&ca=%4", "% in ca="),
        ("nats://a/L?subject=x&ca=%+1", "% in ca="),
        ("nats://a/L?subject=x&tls=yes", "tls= is"),
        ("nats://a/L?subject=x&cert=y", "only one of"),
        ("nats://a/L?subject=x&key=y", "only one of"),
        ("nats://a/L?subject=x&zstd=0", "zstd= is 1 to 19"),
        ("nats://a/L?subject=x&zstd=20", "zstd= is 1 to 19"),
        ("nats://a/L?subject=x&domain=a.b", "domain= is"),
        ("nats://a/L?subject=x&replicas=6", "replicas= is"),
        ("nats://a/L?subject=x&replicas=", "nothing behind replicas="),
        ("nats://a/L?subject=x&max-age=30", "max-age= is"),
        ("nats://a/L?subject=x&max-age=0d", "max-age= is"),
        ("nats://a/L?subject=x&max-age=-1d", "max-age= is"),
        ("nats://a/L?subject=x&max-age=9999999999999d", "max-age= is"),
        ("nats://a/L?subject=x&max-bytes=1", "max-bytes= is"),
        ("nats://a/L?subject=x&max-bytes=G", "max-bytes= is"),
        ("nats://a/L?subject=x&max-bytes=9999999999T", "max-bytes= is"),
        ("nats://a/L?subject=x&discard=all", "discard= is"),
    ]);
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "nats://[-a:@,/?&=%.*{}\\[\\]0-9\u{e9}]{0,40}") {
        Url::parse(&text).ok();
    }
}
