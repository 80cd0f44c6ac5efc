//! The headers that a user has sent with every HTTP request: `--header` and `--token-file`.
//!
//! They may be secrets, so no words about them repeat what was written. What stands on the command
//! line can be seen by whoever may list processes; what stands in a file cannot.

use std::path::{Path, PathBuf};

use super::Failure;
use super::target::Target;

/// What a user says of them; shared by the commands that speak to a server.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct HeaderArgs {
    /// Send this header with every HTTP request, such as 'Authorization: Bearer TOKEN'; may be
    /// repeated. Other users may see it in the list of processes.
    #[arg(short = 'H', long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Show the first token of this file, one a line, as Authorization: Bearer TOKEN. It may be
    /// /dev/stdin.
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
}

/// What this program says by itself, beside everything that begins with `mcp-`.
const OWN: [&str; 6] =
    ["accept", "connection", "content-length", "content-type", "host", "transfer-encoding"];

impl HeaderArgs {
    /// Their names and values, for a target that has headers.
    pub(super) fn read(&self, target: &Target) -> Result<Vec<(String, String)>, Failure> {
        let is_asked = !self.header.is_empty() || self.token_file.is_some();
        if is_asked && !matches!(target, Target::Http(_)) {
            let words = "--header and --token-file are for http:// targets: others have no headers";
            return Err(Failure::Usage(words.to_owned()));
        }
        let mut headers = Vec::new();
        for (place, line) in self.header.iter().enumerate() {
            let header = parse(line).map_err(|fault| {
                Failure::Usage(format!("--header number {}: {fault}", place + 1))
            })?;
            headers.push(header);
        }
        if let Some(path) = &self.token_file {
            if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
                let words = "--token-file and a --header Authorization: give one of them";
                return Err(Failure::Usage(words.to_owned()));
            }
            headers.push(("Authorization".to_owned(), format!("Bearer {}", token(path)?)));
        }
        Ok(headers)
    }
}

fn parse(line: &str) -> Result<(String, String), String> {
    let (name, value) = line
        .split_once(':')
        .ok_or("there is no colon; write it as 'NAME: VALUE'")
        .map(|(name, value)| (name, value.trim_matches([' ', '\t'])))?;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_word) {
        return Err("what stands before the colon is no name of a header".to_owned());
    }
    if value.is_empty() {
        return Err(format!("{name} has no value"));
    }
    if !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
        return Err(format!("the value of {name} has characters that are not printable ASCII"));
    }
    let lower = name.to_ascii_lowercase();
    if OWN.contains(&&*lower) || lower.starts_with("mcp-") {
        return Err(format!("{name} is said by this program itself"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// The token in a file that may have others, as that of a server has.
fn token(path: &Path) -> Result<String, Failure> {
    let wrong = |words: String| Failure::Usage(format!("--token-file {}: {words}", path.display()));
    let text = std::fs::read_to_string(path)
        .map_err(|fault| wrong(format!("it cannot be read: {fault}")))?;
    let first = text.lines().map(str::trim).find(|line| !line.is_empty());
    let token = first.ok_or_else(|| wrong("it has no token: write one a line".to_owned()))?;
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let words = "its first line is no token: write the token alone, without the word Bearer";
        return Err(wrong(words.to_owned()));
    }
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "secret-0123456789";

    fn http() -> Target {
        Target::Http("http://h/mcp".to_owned())
    }

    #[track_caller]
    fn check(args: &HeaderArgs, target: &Target, want: Result<&[(&str, &str)], &str>) {
        let found = args.read(target);
        match want {
            Ok(want) => {
                let found = found.expect("they are in order");
                let found: Vec<_> = found.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                assert_eq!(found, want);
            }
            Err(words) => {
                let fault = found.expect_err(words).words();
                assert!(fault.contains(words) && !fault.contains(SECRET), "{fault}");
            }
        }
    }

    fn lines<const N: usize>(header: [&str; N]) -> HeaderArgs {
        HeaderArgs { header: header.map(str::to_owned).into(), token_file: None }
    }

    #[test]
    fn headers_are_taken_as_curl_takes_them() {
        check(&HeaderArgs::default(), &http(), Ok(&[]));
        let args = lines(["Authorization: Bearer x", "X-A:b", "x-url: \t http://h:1/ \t"]);
        let want = [("Authorization", "Bearer x"), ("X-A", "b"), ("x-url", "http://h:1/")];
        check(&args, &http(), Ok(&want));
        for (line, words) in [
            ("secret-0123456789", "number 2: there is no colon"),
            ("Bearer secret-0123456789: x", "no name of a header"),
            (": secret-0123456789", "no name of a header"),
            ("Authorization:", "Authorization has no value"),
            ("Authorization: Bearer secret-0123456789\r\nX: y", "not printable ASCII"),
            ("Authorization: sécret-0123456789", "not printable ASCII"),
            ("content-TYPE: text/plain", "said by this program itself"),
            ("Mcp-Session-Id: secret-0123456789", "said by this program itself"),
        ] {
            check(&lines(["X-A: b", line]), &http(), Err(words));
        }
        let pipe = Target::Stdio(vec!["x".to_owned()]);
        check(&lines(["X-A: b"]), &pipe, Err("for http:// targets"));
    }

    #[test]
    fn a_token_comes_from_a_file_and_is_shown_nowhere() {
        let name = format!("mcpring-token-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let args = HeaderArgs { header: Vec::new(), token_file: Some(path.clone()) };
        check(&args, &http(), Err("it cannot be read"));
        let bearer = format!("Bearer {SECRET}");
        for (text, want) in [
            ("\n\t secret-0123456789 \r\nanother-0123456789\n", Ok(&[("Authorization", &*bearer)])),
            ("", Err("it has no token")),
            (" \n\n", Err("it has no token")),
            ("Bearer secret-0123456789\n", Err("without the word Bearer")),
        ] {
            std::fs::write(&path, text).unwrap();
            check(&args, &http(), want.map(|want: &[_; 1]| &want[..]));
        }
        std::fs::write(&path, SECRET).unwrap();
        let both = HeaderArgs { header: vec!["authorization: x".to_owned()], ..args.clone() };
        check(&both, &http(), Err("give one of them"));
        check(&args, &Target::Unix("/a".into(), crate::target::Framing::Line), Err("for http://"));
        std::fs::remove_file(&path).unwrap();
    }
}
