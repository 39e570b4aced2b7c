//! The words of the trade. No I/O, no clock, nothing of `crate` but this module.
//!
//! | ibis | FIX (tag) | KuCoin |
//! |---|---|---|
//! | [`symbol::Symbol`] `BTC-USDT`, [`instrument::Instrument`] | Symbol (55) | symbol |
//! | tick size | MinPriceIncrement (969) | priceIncrement |
//! | lot size | RoundLot (561) | baseIncrement |
//! | quantity_min, notional_min | MinTradeVol (562), none | baseMinSize, minFunds |
//! | [`identifier::ClientOrderId`] | ClOrdID (11) | clientOid |
//! | [`identifier::VenueOrderId`] | OrderID (37) | orderId |
//! | [`execution::Execution`], execution_id | ExecutionReport, ExecID (17) | fill, tradeId |
//! | quantity, filled, remaining | OrderQty (38), CumQty (14), LeavesQty (151) | size, dealSize |
//! | notional = price x quantity | none | funds, dealFunds |
//! | [`side::Side`], [`order::OrderType`], [`order::TimeInForce`] | 54, 40, 59 | side, type, timeInForce |
//! | [`order_status::OrderStatus`] | OrdStatus (39) | isActive, cancelExist |
//! | [`instrument::Liquidity`] | LastLiquidityInd (851) | liquidity |
//! | [`market_data::Trade`]: a public print | MDEntryType 2 | match |

pub mod alert;
pub mod balance;
pub mod decimal;
pub mod decision;
mod digits;
pub mod durations;
pub mod edit_distance;
pub mod execution;
pub mod hold;
pub mod identifier;
pub mod instrument;
pub mod market_data;
pub mod operator;
pub mod order;
pub mod order_status;
pub mod position;
pub mod record;
pub mod side;
pub mod symbol;
pub mod text;
pub mod time;
mod wide;
