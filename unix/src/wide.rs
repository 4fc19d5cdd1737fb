//! Wider registers than every processor has, for loops that move bytes.
//!
//! The tools are compiled for any x86-64. The work that is given to [`run`] is compiled a second time for AVX2, which
//! nearly all of these processors have. At run time the processor is asked which of the two it can run.

/// Work that is compiled twice. Only what is inlined into [`Work::perform`] gains, so it should be inlined always.
pub trait Work {
    /// What comes of it.
    type Result;

    /// Does it.
    fn perform(self) -> Self::Result;
}

/// Does `work` with the widest registers that the processor has.
#[inline]
pub fn run<W: Work>(work: W) -> W::Result {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
    {
        // SAFETY: the processor has what the function is compiled for, which is all that it asks.
        return unsafe { run_avx2(work) };
    }
    work.perform()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
unsafe fn run_avx2<W: Work>(work: W) -> W::Result {
    work.perform()
}

#[cfg(test)]
mod tests {
    use super::Work;

    struct Sum<'a>(&'a mut u32);

    impl Work for Sum<'_> {
        type Result = u64;

        #[inline(always)]
        fn perform(self) -> u64 {
            *self.0 += 1;
            [1u64; 1000].iter().sum()
        }
    }

    #[test]
    fn work_is_done_once_and_its_result_comes_back() {
        let mut times = 0;
        assert_eq!(super::run(Sum(&mut times)), 1000);
        assert_eq!(times, 1);
    }
}
