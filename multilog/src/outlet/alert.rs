//! Action `e`: selected lines to descriptor 2, cut to 200 bytes.

/// How many bytes of a line an alert shows.
const SHOWN: usize = 200;

/// A batch with this many bytes of alerts is complete. They go out a page at a time anyway.
const ENOUGH: usize = 16 << 10;

/// The alerts of a batch, which go out in one write.
#[derive(Debug, Default)]
pub struct Alerts(Vec<u8>);

impl Alerts {
    /// Adds the alert of one line, without its newline.
    pub fn add(&mut self, head: &[u8]) {
        match head.get(..SHOWN) {
            Some(start) if head.len() > SHOWN => {
                self.0.extend_from_slice(start);
                self.0.extend_from_slice(b"...\n");
            }
            _ => {
                self.0.extend_from_slice(head);
                self.0.push(b'\n');
            }
        }
    }

    /// Whether the batch should be written now: there is much to say.
    pub fn are_enough(&self) -> bool {
        self.0.len() >= ENOUGH
    }

    /// What there is to say.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Forgets what was said.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_bytes_are_shown_whole_and_one_more_is_cut() {
        let mut alerts = Alerts::default();
        alerts.add(&[b'a'; 200]);
        assert_eq!(alerts.bytes().len(), 201);
        alerts.clear();
        alerts.add(&[b'a'; 201]);
        assert_eq!(alerts.bytes().len(), 204);
        assert!(alerts.bytes().ends_with(b"a...\n"));
    }
}
