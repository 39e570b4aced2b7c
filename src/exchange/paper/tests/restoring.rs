//! A venue that stops and starts again.

use super::*;
