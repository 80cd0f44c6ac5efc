//! What crosses is checked, and what goes wrong on the other side stays there.

#![allow(clippy::disallowed_methods, reason = "another thread is a part of what is tested")]

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::log::mcpring_set_log;
use crate::status::*;
use crate::text::{self, mcpring_text_free, mcpring_text_view};

/// The bytes of a view that is still good.
pub(crate) fn read(view: mcpring_str) -> Vec<u8> {
    contract().bytes(view, "view").expect("a view").to_vec()
}

fn contract() -> Contract {
    // SAFETY: the tests' own arguments are good.
    unsafe { Contract::of_caller() }
}

fn last_words() -> String {
    String::from_utf8(read(last_error::mcpring_last_error())).expect("words are text")
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sized3 {
    struct_size: usize,
    second: u64,
    third: u64,
}
options!(Sized3);

const HEAD: usize = size_of::<usize>();

#[test]
fn views_are_checked() {
    let check = |data: *const u8, len: usize, want: Result<Option<&str>, &str>| {
        let contract = contract();
        let got = contract.optional(mcpring_str { data: data.cast(), len }, "name");
        match (got, want) {
            (Ok(got), Ok(want)) => assert_eq!(got, want),
            (Err(failure), Err(want)) => {
                assert_eq!(failure.status, MCPRING_ERR_ARGUMENT);
                assert!(failure.words.contains(want), "{}", failure.words);
            }
            (got, want) => panic!("{got:?} is not {want:?}"),
        }
    };
    check(ptr::null(), 0, Ok(None));
    check(ptr::null(), 3, Err("name is NULL"));
    check(b"x".as_ptr(), 0, Ok(Some("")));
    check(b"a\0b".as_ptr(), 3, Ok(Some("a\0b")));
    check(b"ab\xff".as_ptr(), 3, Err("name is not UTF-8 from byte 2 on"));
    check(b"x".as_ptr(), usize::MAX, Err("impossible length"));
    assert!(contract().required(mcpring_str::ABSENT, "name").is_err());
}

#[test]
fn structs_of_older_programs_are_completed_with_zeros() {
    let check = |size: usize, want: Option<Sized3>| {
        let given = Sized3 { struct_size: size, second: 2, third: 3 };
        let got = contract().options(&raw const given, "options");
        if let Err(failure) = &got {
            assert_eq!(failure.status, MCPRING_ERR_ARGUMENT);
            assert!(failure.words.contains(&format!("struct_size {size}")), "{}", failure.words);
        }
        assert_eq!(got.ok(), want, "{size}");
    };
    let sized = |size, second, third| Some(Sized3 { struct_size: size, second, third });
    check(HEAD + 16, sized(HEAD + 16, 2, 3));
    check(HEAD + 8, sized(HEAD + 8, 2, 0));
    check(HEAD, sized(HEAD, 0, 0));
    check(HEAD + 4, None);
    check(HEAD + 17, None);
    check(HEAD + 24, None);
    check(HEAD - 1, None);
    check(0, None);
    check(usize::MAX, None);
    assert!(contract().options::<Sized3>(ptr::null(), "options").is_err());
}

#[test]
fn an_older_program_s_struct_is_filled_as_far_as_it_goes() {
    let check = |size: usize, want: (u64, u64)| {
        let mut place = Sized3 { struct_size: size, second: 0, third: 0 };
        let value = Sized3 { struct_size: 99, second: 2, third: 3 };
        contract().out_options(&raw mut place, "place").expect("a place").set(&value);
        assert_eq!((place.struct_size, place.second, place.third), (size, want.0, want.1));
    };
    check(HEAD + 16, (2, 3));
    check(HEAD + 8, (2, 0));
    check(HEAD, (0, 0));
}

#[test]
fn pointers_that_cannot_be_are_refused() {
    let words = [0u64; 2];
    let askew = words.as_ptr().wrapping_byte_add(1);
    let contract = contract();
    let fails = |failure: Option<Failure>, words: &str| {
        assert!(failure.is_some_and(|failure| failure.words.contains(words)), "{words}");
    };
    fails(contract.out::<u64>(ptr::null_mut(), "place").err(), "place is NULL");
    fails(contract.out(askew.cast_mut(), "place").err(), "place is not aligned");
    fails(contract.array(askew, 1, "list").err(), "list is not aligned");
    fails(contract.array::<u64>(ptr::null(), 1, "list").err(), "list is NULL");
    fails(contract.array(words.as_ptr(), usize::MAX / 8, "list").err(), "impossible length");
    fails(contract.buffer(ptr::null_mut(), 1, "buffer").err(), "buffer is NULL");
    assert!(contract.buffer(ptr::null_mut(), 0, "buffer").is_ok());
    assert!(contract.out_if_wanted::<u64>(ptr::null_mut(), "place").is_ok_and(|out| out.is_none()));
}

#[test]
fn a_buffer_counts_what_has_no_room() {
    let mut room = [b'.'; 4];
    let contract = contract();
    let mut buffer = contract.buffer(room.as_mut_ptr().cast(), 4, "buffer").expect("room");
    buffer.put(b"ab");
    assert_eq!(buffer.view().map(read).as_deref(), Some(&b"ab"[..]));
    buffer.put(b"cde");
    assert_eq!((buffer.len(), buffer.view().is_none()), (5, true));
    assert_eq!(&room, b"ab..");
}

#[test]
fn failures_and_panics_are_statuses_with_words() {
    let check = |got: mcpring_status, want: mcpring_status, words: &str| {
        assert_eq!(got, want);
        assert!(last_words().contains(words), "{}", last_words());
    };
    check(enter(contract(), |_| -> Result<(), Failure> { panic!("at {}", 7) }), -23, "at 7");
    check(enter(contract(), |_| -> Result<(), Failure> { panic!("fixed") }), -23, "fixed");
    check(enter(contract(), |_| Err::<(), _>(Failure::state("not yet"))), -5, "not yet");
    check(enter(contract(), |_| Ok(())), MCPRING_OK, "not yet");
    check(enter(contract(), |_| Ok(MCPRING_END)), MCPRING_END, "not yet");
    let elsewhere = std::thread::scope(|scope| scope.spawn(last_words).join());
    assert_eq!(elsewhere.expect("the thread"), "");
}

#[test]
fn texts_are_viewed_until_they_are_freed() {
    let text = text::insert("a\0b".to_owned()).expect("a handle");
    let mut view = mcpring_str::ABSENT;
    let statuses = |view: *mut mcpring_str| {
        // SAFETY: the view is good, or NULL.
        unsafe { mcpring_text_view(text, view) }
    };
    assert_eq!(statuses(ptr::null_mut()), MCPRING_ERR_ARGUMENT);
    assert_eq!(statuses(&raw mut view), MCPRING_OK);
    let with_nul = mcpring_str { len: view.len + 1, ..view };
    assert_eq!(read(with_nul), b"a\0b\0");
    // SAFETY: a handle is only looked up.
    let free = |text| unsafe { mcpring_text_free(text) };
    assert_eq!([free(text), free(text)], [MCPRING_OK, MCPRING_ERR_HANDLE]);
    assert_eq!(free(ptr::null_mut()), MCPRING_OK);
    assert_eq!(statuses(&raw mut view), MCPRING_ERR_HANDLE);
    assert_eq!(view.len, 3, "written on success only");
}

unsafe extern "C-unwind" fn count_and_panic(data: *mut c_void) {
    // SAFETY: the tests pass a counter.
    let counter = unsafe { &*data.cast::<AtomicUsize>() };
    let barred = enter(contract(), |_| Ok(())) == MCPRING_ERR_STATE;
    counter.fetch_add(if barred { 1 } else { 100 }, Ordering::SeqCst);
    panic!("in a destroy function");
}

unsafe extern "C-unwind" fn panic_or_answer(
    call: *mut mcpring_call,
    _: *mut c_void,
) -> mcpring_status {
    assert!(!call.is_null(), "no call");
    enter(contract(), |_| inside::outside_callbacks("join"))
}

#[test]
fn user_data_is_destroyed_once_behind_the_last_callback() {
    let counter = AtomicUsize::new(0);
    let data = ptr::from_ref(&counter).cast_mut().cast();
    let contract = contract();
    let user = Arc::new(contract.user_data(data, Some(count_and_panic)));
    let callback = contract.callback(Some(panic_or_answer), &user).expect("a function");
    drop(user);
    assert_eq!(callback.run(ptr::null_mut()), None);
    assert_eq!(callback.run(ptr::dangling_mut()), Some(MCPRING_ERR_THREAD));
    assert_eq!(counter.load(Ordering::SeqCst), 0);
    drop(callback);
    assert_eq!(counter.load(Ordering::SeqCst), 1);
    assert!(contract.callback(None, &Arc::new(contract.user_data(data, None))).is_none());
}

unsafe extern "C-unwind" fn log_and_panic(
    data: *mut c_void,
    level: mcpring_level,
    reason: mcpring_str,
    line: mcpring_str,
) {
    let seen = (level, read(reason), read(line));
    if seen == (MCPRING_LEVEL_ERROR, b"test".to_vec(), b"a line".to_vec()) {
        // SAFETY: as above.
        unsafe { count_and_panic(data) };
    }
}

#[test]
fn the_log_may_neither_panic_nor_call() {
    let counter = AtomicUsize::new(0);
    let data = ptr::from_ref(&counter).cast_mut().cast();
    // SAFETY: the counter outlives the log.
    let set = |log, destroy| unsafe { mcpring_set_log(log, data, destroy) };
    assert_eq!(set(Some(log_and_panic), None), MCPRING_OK);
    log::line(MCPRING_LEVEL_ERROR, "test", format_args!("a {}", "line"));
    assert_eq!(counter.load(Ordering::SeqCst), 1);
    assert_eq!(set(None, Some(count_and_panic)), MCPRING_OK);
    assert_eq!(counter.load(Ordering::SeqCst), 2, "destroyed though there is no function");
}
