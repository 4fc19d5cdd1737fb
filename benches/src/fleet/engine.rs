//! `Stream`: a stream of the engine takes one batch after the other.
//!
//! The figures are those of three NATS servers (2.15) with a stream of three replicas, on a machine with two processors
//! that all three and the clients shared. An engine on machines of its own takes more.

/// What a batch costs by itself, in seconds: 6,765 messages of 1 KiB were taken in a second.
const BATCH: f64 = 126e-6;
/// What a byte of it costs, in seconds: 45 MB in messages of 256 KiB were taken in a second.
const BYTE: f64 = 21.7e-9;
/// What it costs to ask for the last batch of a directory, in seconds. That is not measured: it is read and not agreed upon
/// by three servers, so it costs less than a batch.
const QUESTION: f64 = BATCH / 2.0;
/// How much smaller a batch is when it was compressed by zstd: 3.54 for 64 KiB of logs, and 3.72 for 256 KiB.
pub(super) const RATIO: f64 = 3.6;
/// The way there, and the way back, in seconds.
pub(super) const WAY: f64 = 0.5e-3;

/// One stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    /// When it has taken all that came.
    free: f64,
    /// How long it was at work.
    pub(super) worked: f64,
    /// The longest time that a batch had to wait for those before it.
    pub(super) queue: f64,
}

impl Stream {
    /// A batch with this many bytes of lines arrives: when it is taken.
    pub(super) fn take(&mut self, at: f64, bytes: f64) -> f64 {
        self.work(at, BATCH + bytes / RATIO * BYTE)
    }

    /// Somebody asks what the last batch of a directory is: when that is answered.
    pub(super) fn ask(&mut self, at: f64) -> f64 {
        self.work(at, QUESTION)
    }

    fn work(&mut self, at: f64, work: f64) -> f64 {
        self.queue = self.queue.max(self.free - at);
        self.free = self.free.max(at) + work;
        self.worked += work;
        self.free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_takes_what_was_measured() {
        for (count, size, measured) in [(6765.0, 1024.0, 1.0), (172.0, 262_144.0, 1.0)] {
            let mut stream = Stream::default();
            let mut end = 0.0;
            for _ in 0..count as u32 {
                end = stream.take(0.0, size * RATIO);
            }
            assert!((end - measured).abs() < 0.05, "{end}");
            assert_eq!(stream.worked, end);
        }
        let mut stream = Stream::default();
        stream.take(0.0, 0.0);
        assert!(stream.take(1.0, 0.0) > 1.0 && stream.queue == 0.0);
    }
}
