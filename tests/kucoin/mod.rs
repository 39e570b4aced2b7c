//! KuCoin's protocol against samples: the recorded ones where they are, our own always.

mod fixtures;
mod hostile;
mod refusals;
mod sameness;
mod samples;
