//! Every incident class of the system this one replaces (I-01 to I-24), and every class of what users
//! of other bots report (A to F), by name: impossible, or found out.
//!
//! | incident | what is in its way | test |
//! |---|---|---|
//! | I-01 orders off the venue's grid, refused for ever | `domain::instrument`, `engine::report` | `i_01_lot_tick_notional_rejection_loop` |
//! | I-02 floats, scientific notation | `domain::decimal`, `kucoin::protocol::number` | `i_02_scientific_notation_and_float_drift` |
//! | I-03 a fill is lost | `engine::reconcile`, `kucoin::order_tracker` | `i_03_lost_fill` |
//! | I-04 bought again and again | `engine::entry`, index `intents_open` | `i_04_duplicate_entry` |
//! | I-05 two processes | `durable::instance_lock` | `i_05_duplicate_process` |
//! | I-06 a cost that nobody paid | `engine::reconcile::adopt`, `domain::position` | `i_06_invented_cost_basis` |
//! | I-07 a failed fetch is an empty account | `kucoin::venue::survey` | `i_07_fetch_error_is_an_empty_world` |
//! | I-08 a damaged state file empties the state | `store::state_json`, the ledger | `i_08_state_file_corrupt_or_missing` |
//! | I-09 state file and database drift apart | `ops::exec_integrity` | `i_09_state_and_database_drift` |
//! | I-10 a trade is logged twice | index `fills_execution`, `ops::trades::import` | `i_10_double_logged_trade` |
//! | I-11 a repair makes trades up | `ops::exec_integrity::repair` | `i_11_fabricated_trades` |
//! | I-12 profit from changed fills | `ops::exec_integrity`, `ops::trades` | `i_12_changed_fills_change_the_profit` |
//! | I-13 one odd row stops all | `ops::trades::import` | `i_13_one_odd_row_stops_everything` |
//! | I-14 wrong fees | `domain::instrument`, fees from the venue | `i_14_fee_model_is_wrong` |
//! | I-15 units and columns mixed up | `config::value`, `kucoin::protocol::candle` | `i_15_units_and_columns_mixed_up` |
//! | I-16 the stop does not come | `engine::exit`, `engine::reconcile::start` | `i_16_stop_unreachable` |
//! | I-17 a canceled order's part fill is forgotten | `engine::report` | `i_17_partial_fill_forgotten_on_cancel` |
//! | I-18 a lost answer is a refusal | `kucoin::order_tracker` | `i_18_unknown_outcome_on_timeout` |
//! | I-19 refusals are data, retries a storm | `kucoin::rest` | `i_19_transients_as_data_and_retry_storms` |
//! | I-20 a dead agent is healthy | `ops::healthcheck` | `i_20_health_check_masks_a_dead_agent` |
//! | I-21 a recovery that deletes | `durable::database_home`, `ops::backup` | `i_21_destructive_recovery` |
//! | I-22 each line logged twice, logs without end | `agent::narrate` | `i_22_doubled_and_unbounded_logs` |
//! | I-23 configuration that nothing reads | `config` | `i_23_configuration_theatre` |
//! | I-24 secrets for all to read | `kucoin::credentials`, the units | `i_24_secrets_in_the_open` |
//! | A an order that nobody knows, or twice | intents before orders | `class_a_an_order_that_nobody_knows` |
//! | B out of step after a restart | `engine::reconcile` | `class_b_out_of_step_after_a_restart` |
//! | C alive but not trading | `agent::heartbeat`, `ops::healthcheck` | `class_c_alive_but_not_trading` |
//! | D a stop that does not stop | `risk::permit`, `risk::hold_book` | `class_d_a_stop_that_does_not_stop` |
//! | E stuck orders, part fills, dust | `engine::exit`, `kucoin::order_tracker` | `class_e_stuck_orders_part_fills_and_dust` |
//! | F the database, the disk | `agent::session::storage` | `class_f_the_database_is_locked` |

mod books;
mod classes;
mod live;
mod numbers;
mod orders;
mod process;
pub mod rig;

use std::fs;

use crate::support::repository;

/// The files with the tests.
const FILES: [&str; 6] = ["books", "classes", "live", "numbers", "orders", "process"];

#[test]
fn every_incident_and_every_class_has_its_test_and_its_line() {
    let read = |name: &str| {
        fs::read_to_string(repository().join(format!("tests/incidents/{name}.rs"))).unwrap()
    };
    let (table, tests) = (read("mod"), FILES.map(read).concat());
    let incidents = (1..=24).map(|number| format!("i_{number:02}_"));
    for start in incidents.chain(('a'..='f').map(|class| format!("class_{class}_"))) {
        let named = format!("#[test]\nfn {start}");
        assert_eq!(tests.matches(&named).count(), 1, "{start}");
        let (_, rest) = tests.split_once(&named).unwrap();
        let name = format!("`{start}{}`", rest.split('(').next().unwrap());
        assert_eq!(table.matches(&name).count(), 1, "{name} in the table");
    }
}
