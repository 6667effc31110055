//! post LIBRARY URL TOKEN CA FILE: posts a file, prints the status and the answer; exit code 1 unless 200.
//! log LIBRARY ADDRESS: logs each line of standard input.
use std::io::BufRead;
use std::process::ExitCode;

type Outcome = Result<(u16, String), Box<dyn std::error::Error>>;

fn with_reqwest(url: &str, token: &str, authority: &[u8], body: Vec<u8>) -> Outcome {
    let client = reqwest::blocking::Client::builder()
        .add_root_certificate(reqwest::Certificate::from_pem(authority)?)
        .build()?;
    let answer = client.post(url).bearer_auth(token).body(body).send()?;
    Ok((answer.status().as_u16(), answer.text()?))
}

fn with_ureq(url: &str, token: &str, authority: &[u8], body: Vec<u8>) -> Outcome {
    let root = ureq::tls::Certificate::from_pem(authority)?;
    let tls = ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::new_with_certs(&[root])).build();
    let agent = ureq::Agent::new_with_config(ureq::Agent::config_builder().tls_config(tls).build());
    let mut answer = agent.post(url).header("Authorization", format!("Bearer {token}")).send(&body[..])?;
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
}

fn post(words: &[String]) -> ExitCode {
    let [library, url, token, authority, file] = words else { panic!("LIBRARY URL TOKEN CA FILE") };
    let (authority, body) = (std::fs::read(authority).unwrap(), std::fs::read(file).unwrap());
    let outcome = match library.as_str() {
        "reqwest" => with_reqwest(url, token, &authority, body),
        _ => with_ureq(url, token, &authority, body),
    };
    match outcome {
        Ok((status, text)) => {
            println!("{status} {}", text.trim());
            if status == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn log(words: &[String]) -> ExitCode {
    let [library, address] = words else { panic!("LIBRARY ADDRESS") };
    let formatter = syslog::Formatter3164 {
        facility: syslog::Facility::LOG_LOCAL0, hostname: None, process: "cloudtrail".into(), pid: 1,
    };
    let mut logger = match library.as_str() {
        "tcp" => syslog::tcp(formatter, address),
        _ => syslog::udp(formatter, "127.0.0.1:0", address),
    }
    .expect("a connection");
    for line in std::io::stdin().lock().lines() {
        if let Err(error) = logger.info(line.unwrap()) {
            println!("{error}");
        }
    }
    ExitCode::SUCCESS
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words[0] == "post" { post(&words[1..]) } else { log(&words[1..]) }
}
