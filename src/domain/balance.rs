//! Balances: what an account holds of an asset, and how much of that open orders have put aside.

use super::decimal::Decimal;

/// Total and held amount of one asset. Available is the difference and never negative.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Balance {
    total: Decimal,
    hold: Decimal,
}

/// A debit or hold would take more than is available, or release more than is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Insufficient {
    /// What was asked.
    pub asked: Decimal,
    /// What there is.
    pub available: Decimal,
}

impl std::fmt::Display for Insufficient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} asked, {} there", self.asked, self.available)
    }
}

impl std::error::Error for Insufficient {}

impl Balance {
    /// A balance; `None` where `hold` is negative or above `total`.
    pub fn new(total: Decimal, hold: Decimal) -> Option<Self> {
        (!hold.is_negative() && hold <= total).then_some(Self { total, hold })
    }

    /// Everything held of the asset.
    pub fn total(self) -> Decimal {
        self.total
    }

    /// Put aside for open orders.
    pub fn hold(self) -> Decimal {
        self.hold
    }

    /// Free to use.
    pub fn available(self) -> Decimal {
        self.total - self.hold
    }

    /// Adds to the total.
    pub fn credit(&mut self, amount: Decimal) {
        self.total += amount;
    }

    /// Moves the total by what a trade or a transfer brought, or took where negative. What the venue
    /// booked is booked, even where its cause is not known yet: the total may be below the hold, or
    /// below zero, until then.
    pub fn adjust(&mut self, amount: Decimal) {
        self.total += amount;
    }

    /// A balance as the ledger has it, whatever it is.
    pub fn of_ledger(total: Decimal, hold: Decimal) -> Self {
        Self { total, hold }
    }

    /// Takes from what is available.
    pub fn debit(&mut self, amount: Decimal) -> Result<(), Insufficient> {
        self.enough(amount, self.available())?;
        self.total -= amount;
        Ok(())
    }

    /// Puts an available amount aside.
    pub fn place_hold(&mut self, amount: Decimal) -> Result<(), Insufficient> {
        self.enough(amount, self.available())?;
        self.hold += amount;
        Ok(())
    }

    /// Frees a held amount.
    pub fn release(&mut self, amount: Decimal) -> Result<(), Insufficient> {
        self.enough(amount, self.hold)?;
        self.hold -= amount;
        Ok(())
    }

    fn enough(self, asked: Decimal, available: Decimal) -> Result<(), Insufficient> {
        if asked > available { Err(Insufficient { asked, available }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(units: i64) -> Decimal {
        Decimal::from_int(units)
    }

    #[test]
    fn available_never_goes_negative() {
        let mut balance = Balance::new(d(10), d(0)).unwrap();
        balance.place_hold(d(8)).unwrap();
        assert!(balance.debit(d(3)).is_err());
        assert!(balance.place_hold(d(3)).is_err());
        balance.release(d(8)).unwrap();
        assert!(balance.release(d(1)).is_err());
        balance.debit(d(10)).unwrap();
        assert_eq!((balance.total(), balance.hold()), (d(0), d(0)));
        assert_eq!(Balance::new(d(1), d(2)), None);
    }
}
