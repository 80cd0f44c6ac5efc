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
            mcpring_server_new,
            mcpring_server_free,
            mcpring_server_configure,
            mcpring_server_listen,
            mcpring_server_start,
            mcpring_server_run,
            mcpring_server_stop,
            mcpring_server_join,
            mcpring_server_address,
            mcpring_server_fd,
            mcpring_server_poll,
            mcpring_server_resource_updated,
            mcpring_server_elicitation_done,
            mcpring_server_metrics,
            mcpring_server_add_tool,
            mcpring_server_add_resource,
            mcpring_server_add_template,
            mcpring_server_add_prompt,
            mcpring_server_remove,
            mcpring_server_invoke,
            mcpring_server_load_plugin,
            mcpring_server_close_plugin,
            mcpring_server_plugins,
            mcpring_call_fact,
            mcpring_call_arguments,
            mcpring_call_argument,
            mcpring_call_argument_i64,
            mcpring_call_argument_f64,
            mcpring_call_argument_bool,
            mcpring_call_variable,
            mcpring_call_server,
            mcpring_call_cancelled,
            mcpring_call_time_left,
            mcpring_call_progress,
            mcpring_call_log,
            mcpring_call_log_json,
            mcpring_call_keep,
            mcpring_call_add,
            mcpring_call_add_text,
            mcpring_call_set_structured,
            mcpring_call_set_meta,
            mcpring_call_set_description,
            mcpring_call_set_total,
            mcpring_call_finish,
            mcpring_call_fail,
            mcpring_call_error,
            mcpring_call_reply_text,
            mcpring_call_reply_json,
            mcpring_call_reply_blob,
            mcpring_call_ask,
            mcpring_call_can_ask,
            mcpring_call_answer,
            mcpring_call_set_state,
            mcpring_call_state,
            mcpring_call_close_stream,
            mcpring_call_elicited,
            mcpring_call_become_task,
            mcpring_call_task_status,
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
        let mut texts = Vec::new();
        read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
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

    /// The sources of a folder and those below.
    fn read(folder: &std::path::Path, texts: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("the sources").flatten() {
            match std::fs::read_to_string(entry.path()) {
                Ok(text) => texts.push(text),
                Err(_) => read(&entry.path(), texts),
            }
        }
    }
}
