//! Wider registers than every processor has, for loops that move bytes.
//!
//! The tools are compiled for any x86-64. The work that is given to [`run`] is compiled a second time for AVX2, which
//! nearly all of these processors have. At run time the processor is asked which of the two it can run.

/// Does `work` with the widest registers that the processor has. Only what is inlined into `work` gains.
#[inline]
pub fn run<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
    {
        // SAFETY: the processor has what the function is compiled for.
        return unsafe { run_avx2(work) };
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn run_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(test)]
mod tests {
    #[test]
    fn work_is_done_once_and_its_result_comes_back() {
        let mut times = 0;
        let sum = super::run(|| {
            times += 1;
            [1u64; 1000].iter().sum::<u64>()
        });
        assert_eq!((times, sum), (1, 1000));
    }
}
