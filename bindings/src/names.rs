//! Every exported function, by name: what a plugin asks its host for, and what tests go through.

/// Hands the list to the macro `$use`. Names are only ever added, at the end of their group.
macro_rules! exported {
    ($use:ident) => {
        $use! {
            mcpring_version,
            mcpring_version_text,
            mcpring_abi,
            mcpring_status_name,
            mcpring_last_error,
            mcpring_set_log,
            mcpring_text_view,
            mcpring_text_free,
            mcpring_json_new,
            mcpring_json_free,
            mcpring_json_parse,
            mcpring_json_kind,
            mcpring_json_raw,
            mcpring_json_count,
            mcpring_json_get,
            mcpring_json_walk,
            mcpring_json_step,
            mcpring_json_text,
            mcpring_json_i64,
            mcpring_json_u64,
            mcpring_json_f64,
            mcpring_json_bool,
            mcpring_json_quote,
            mcpring_frame_encode,
            mcpring_sse_encode,
            mcpring_schema_new,
            mcpring_schema_free,
            mcpring_schema_check,
            mcpring_message_read,
            mcpring_frames_new,
            mcpring_frames_free,
            mcpring_frames_next,
            mcpring_frames_finish,
        }
    };
}
#[allow(unused_imports, reason = "for plugins and tests")]
pub(crate) use exported;

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the test reads the sources")]
mod tests {
    macro_rules! names {
        ($($name:ident,)*) => {
            // A name that is no function does not compile.
            &[$((stringify!($name), crate::$name as *const () as usize)),*]
        };
    }

    #[test]
    fn each_name_is_a_function_of_its_own() {
        let list: &[(&str, usize)] = exported!(names);
        for (at, (name, place)) in list.iter().enumerate() {
            assert!(name.starts_with("mcpring_"), "{name}");
            assert!(*place != 0, "{name}");
            assert!(list[at + 1..].iter().all(|(other, _)| other != name), "{name} occurs twice");
        }
    }

    #[test]
    fn no_exported_function_is_missing() {
        let list: &[(&str, usize)] = exported!(names);
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = std::fs::read_dir(folder).expect("the sources").flatten();
        let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        let mut found = 0;
        for text in texts {
            let heads = text.split("\n#[unsafe(no_mangle)]\n").skip(1);
            for head in heads {
                let name = head.split("fn ").nth(1).and_then(|rest| rest.split('(').next());
                let name = name.expect("a function follows");
                assert!(list.iter().any(|(listed, _)| *listed == name), "{name} is not listed");
                found += 1;
            }
        }
        assert_eq!(found, list.len());
    }
}
