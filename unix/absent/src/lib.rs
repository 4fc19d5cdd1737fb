//! Parts of the C libraries that multilog never uses, absent from its static program.
//!
//! A static program is loaded as a whole, so every page of it counts against RLIMIT_AS, and `softlimit -m 3000000` is
//! usual for a logger. Threads and the allocator bring in streams, formatted output, the conversion of characters with
//! its modules, translated messages, shared libraries and the resolver. A panic brings in what names the functions on
//! the stack. zstd brings in compression with dictionaries. Together that is two thirds of a megabyte. A function that
//! is defined here is not taken from the library, and neither is what only that function needs.
//!
//! Most functions here say "impossible", and are never called. A few are called where a panic is reported and where the
//! program or a thread starts, forks or ends. They do nothing, because there is nothing to do: no stream is open, no
//! shared library is loaded, and no host is looked up.
//!
//! multilog uses the C library neither for formatting nor for conversions or translations, and looks up no host. Tools
//! that do must not link this crate. In another version of a library a name may be missing or may be defined together
//! with others. The linker takes the first of two definitions, so less is absent then, and the test of the program's
//! size fails.

#![cfg(all(target_env = "gnu", target_feature = "crt-static"))]
#![allow(unsafe_code, reason = "the names of the C library are not Rust's to check")]
#![allow(non_snake_case, reason = "the names of C's functions are not Rust's to choose")]

use core::ffi::{c_char, c_int, c_uint, c_void};
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicUsize};

/// What the functions of the C library return for a failure.
const FAILED: c_int = -1;
/// What a walk over the stack returns at its end.
const END_OF_STACK: c_int = 5;

// SAFETY, for every function of this file: each has the return type of its namesake, which the calling convention
// needs. Arguments that a caller passes in registers and that are not read do no harm.

/// Functions that ignore their arguments and always return the same value.
macro_rules! constant {
    ($doc:literal $($name:ident -> $kind:ty = $value:expr;)*) => {
        $(
            #[doc = $doc]
            #[unsafe(no_mangle)]
            pub extern "C" fn $name() -> $kind {
                $value
            }
        )*
    };
}

/// Where a thread's stack is. The standard library asks at the start, so as to name an overflow; the C library scans
/// `/proc/self/maps` for it. Without an answer an overflow is a SIGSEGV.
#[unsafe(no_mangle)]
pub extern "C" fn pthread_getattr_np(_: usize, _: *mut c_void) -> c_int {
    FAILED
}

/// A function that the C library may or may not have. The standard library asks for a few and does without.
#[unsafe(no_mangle)]
pub extern "C" fn dlsym(_: *mut c_void, _: *const c_char) -> *mut c_void {
    ptr::null_mut()
}

/// A message in the language of the user: it is as it is.
#[unsafe(no_mangle)]
pub extern "C" fn __dcgettext(_: *const c_char, text: *const c_char, _: c_int) -> *const c_char {
    text
}

/// The end of a program for a defect of the C library.
#[unsafe(no_mangle)]
pub extern "C" fn __assert_fail(_: *const c_char, _: *const c_char, _: c_uint, _: *const c_char) -> ! {
    std::process::abort()
}

/// Formatted output.
#[unsafe(no_mangle)]
pub extern "C" fn __vfprintf_internal() -> c_int {
    FAILED
}

/// The same in wide characters.
#[unsafe(no_mangle)]
pub extern "C" fn __vfwprintf_internal() -> c_int {
    FAILED
}

/// The lock of the conversions of characters.
#[unsafe(no_mangle)]
pub static __gconv_lock: AtomicI32 = AtomicI32::new(0);

/// Looks for a conversion.
#[unsafe(no_mangle)]
pub extern "C" fn __gconv_find_transform() -> c_int {
    1
}

/// Gives one back.
#[unsafe(no_mangle)]
pub extern "C" fn __gconv_close_transform() -> c_int {
    0
}

/// Gives a step of one back.
#[unsafe(no_mangle)]
pub extern "C" fn __gconv_release_step() {}

/// The conversions between characters of one byte and wide ones, which come with those of every other kind.
#[unsafe(no_mangle)]
pub extern "C" fn __gconv_transform_ascii_internal() -> c_int {
    FAILED
}

/// The other way.
#[unsafe(no_mangle)]
pub extern "C" fn __gconv_transform_internal_ascii() -> c_int {
    FAILED
}

/// The same for a single byte.
#[unsafe(no_mangle)]
pub extern "C" fn __gconv_btwoc_ascii() -> c_int {
    FAILED
}

/// Whether two sets of characters are the same.
#[unsafe(no_mangle)]
pub extern "C" fn __gconv_compare_alias() -> c_int {
    FAILED
}

/// Prepares the resolver.
#[unsafe(no_mangle)]
pub extern "C" fn __res_vinit() -> c_int {
    FAILED
}

/// Reads the resolver's configuration.
#[unsafe(no_mangle)]
pub extern "C" fn __resolv_conf_load() -> *mut c_void {
    ptr::null_mut()
}

/// Walks the stack for a backtrace, here of no frames. What the standard library does with a frame is then never done:
/// it finds the symbols in the tables of a debugger, which this program has none of.
#[unsafe(no_mangle)]
pub extern "C" fn _Unwind_Backtrace() -> c_int {
    END_OF_STACK
}

/// Gives back what the resolver took for a thread that ends.
#[unsafe(no_mangle)]
pub extern "C" fn __res_thread_freeres() {}

/// Where shared libraries are looked for. The C library prepares that at the start, for dlopen(3).
#[unsafe(no_mangle)]
pub extern "C" fn _dl_init_paths() {}

// What else walks the stack. Nothing does where a panic aborts and no thread is cancelled, and there are no tables to
// walk by.

constant! {
    "Unwinds nothing: a panic aborts."
    _Unwind_RaiseException -> c_int = END_OF_STACK;
    _Unwind_ForcedUnwind -> c_int = END_OF_STACK;
    _Unwind_Resume -> ! = std::process::abort();
    _Unwind_DeleteException -> () = ();
    _Unwind_GetCFA -> usize = 0;
    _Unwind_GetIP -> usize = 0;
    _Unwind_GetIPInfo -> usize = 0;
    _Unwind_GetGR -> usize = 0;
    _Unwind_SetGR -> () = ();
    _Unwind_SetIP -> () = ();
    _Unwind_GetLanguageSpecificData -> usize = 0;
    _Unwind_GetRegionStart -> usize = 0;
    _Unwind_GetTextRelBase -> usize = 0;
    _Unwind_GetDataRelBase -> usize = 0;
    _Unwind_FindEnclosingFunction -> usize = 0;
    __gcc_personality_v0 -> c_int = END_OF_STACK;
}

// Streams, of which none is ever open. The allocator names one for its statistics. fork(2), the end of the program and a
// second thread lock or flush all of them.

/// The stream of the standard error.
#[unsafe(no_mangle)]
pub static stderr: AtomicUsize = AtomicUsize::new(0);

constant! {
    "Writes nothing: no stream is ever open."
    fprintf -> c_int = FAILED;
    fwrite -> usize = 0;
    _IO_fputs -> c_int = FAILED;
    _IO_cleanup -> c_int = 0;
}

constant! {
    "Locks nothing: no stream is ever open."
    _IO_enable_locks -> () = ();
    _IO_list_lock -> () = ();
    _IO_list_unlock -> () = ();
    _IO_list_resetlock -> () = ();
}

constant! {
    "Where the list of the open streams begins, goes on and ends: it is empty."
    _IO_iter_begin -> usize = 0;
    _IO_iter_end -> usize = 0;
    _IO_iter_next -> usize = 0;
    _IO_iter_file -> usize = 0;
}

constant! {
    "Formats nothing in memory. The C library would do so for an unknown error and for the name of another thread."
    sprintf -> c_int = FAILED;
    __snprintf -> c_int = FAILED;
    __vasprintf_internal -> c_int = FAILED;
}

// Compression with a dictionary that is attached to the compressor. multilog has no dictionaries, but the tables by
// which zstd chooses a strategy name these functions, which are a third of the compressor. Each returns zstd's generic
// error.

constant! {
    "Compresses no block: there are no dictionaries."
    ZSTD_compressBlock_fast_dictMatchState -> usize = usize::MAX;
    ZSTD_compressBlock_doubleFast_dictMatchState -> usize = usize::MAX;
    ZSTD_compressBlock_greedy_dictMatchState -> usize = usize::MAX;
    ZSTD_compressBlock_greedy_dictMatchState_row -> usize = usize::MAX;
    ZSTD_compressBlock_greedy_dedicatedDictSearch -> usize = usize::MAX;
    ZSTD_compressBlock_greedy_dedicatedDictSearch_row -> usize = usize::MAX;
    ZSTD_compressBlock_lazy_dictMatchState -> usize = usize::MAX;
    ZSTD_compressBlock_lazy_dictMatchState_row -> usize = usize::MAX;
    ZSTD_compressBlock_lazy_dedicatedDictSearch -> usize = usize::MAX;
    ZSTD_compressBlock_lazy_dedicatedDictSearch_row -> usize = usize::MAX;
    ZSTD_compressBlock_lazy2_dictMatchState -> usize = usize::MAX;
    ZSTD_compressBlock_lazy2_dictMatchState_row -> usize = usize::MAX;
    ZSTD_compressBlock_lazy2_dedicatedDictSearch -> usize = usize::MAX;
    ZSTD_compressBlock_lazy2_dedicatedDictSearch_row -> usize = usize::MAX;
    ZSTD_compressBlock_btlazy2_dictMatchState -> usize = usize::MAX;
    ZSTD_compressBlock_btopt_dictMatchState -> usize = usize::MAX;
    ZSTD_compressBlock_btultra_dictMatchState -> usize = usize::MAX;
}
