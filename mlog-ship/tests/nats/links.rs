//! `Links`: what the routes between servers go through. It cuts them, holds what is said on them, and delays it.

use std::sync::Arc;
use std::time::Duration;

use harness::Random;

use crate::proxy::Proxy;

/// A proxy for each pair of servers, in each direction.
#[derive(Clone)]
pub struct Links(Arc<Vec<Link>>);

struct Link {
    from: usize,
    to: usize,
    proxy: Proxy,
}

impl Links {
    /// Between servers whose routes listen on these ports.
    pub fn between(routes: &[u16]) -> Links {
        let all = 0..routes.len();
        let pairs = all.clone().flat_map(|from| all.clone().map(move |to| (from, to)));
        let link = |(from, to): (usize, usize)| Link { from, to, proxy: Proxy::of(routes[to]) };
        Links(Arc::new(pairs.filter(|(from, to)| from != to).map(link).collect()))
    }

    /// Where a server finds the others.
    pub fn ports_of(&self, server: usize) -> Vec<u16> {
        self.0.iter().filter(|link| link.from == server).map(|link| link.proxy.port).collect()
    }

    /// One kind of trouble begins, for this server or for all. What it is.
    pub fn part(&self, server: usize, random: &mut Random) -> &'static str {
        let is_its = |link: &&Link| link.from == server || link.to == server;
        let next = (server + 1) % 3;
        let is_next = |link: &&Link| is_its(link) && (link.from == next || link.to == next);
        match random.below(6) {
            0 => self.each(is_its, |proxy| proxy.close(true), "cut off"),
            1 => self.each(is_its, |proxy| proxy.hold(true), "unheard"),
            2 => self.each(is_next, |proxy| proxy.close(true), "cut off from one"),
            3 => self.each(is_next, |proxy| proxy.hold(true), "unheard by one"),
            4 => self.each(|_| true, |proxy| proxy.close(true), "each by itself"),
            _ => {
                let delay = Duration::from_millis(5 + random.below(100));
                self.each(|_| true, |proxy| proxy.delay(delay), "slow")
            }
        }
    }

    fn each(&self, is_it: impl Fn(&&Link) -> bool, act: impl Fn(&Proxy), what: &'static str) -> &'static str {
        self.0.iter().filter(is_it).for_each(|link| act(&link.proxy));
        what
    }

    /// All is well again.
    pub fn heal(&self) {
        for Link { proxy, .. } in self.0.iter() {
            proxy.delay(Duration::ZERO);
            proxy.hold(false);
            proxy.close(false);
        }
    }
}
