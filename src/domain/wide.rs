//! Arithmetic wider than 128 bits for [`super::decimal`].

/// `a * b / c` and the remainder, through 256 bits. Aborts where the quotient exceeds 128 bits.
pub fn mul_div_u128(a: u128, b: u128, c: u128) -> (u128, u128) {
    if let Some(product) = a.checked_mul(b) {
        return (product / c, product % c);
    }
    // With a = q*c + r the result is q*b + r*b/c, which mostly fits as well.
    let (whole, rest) = (a / c, a % c);
    if let (Some(whole), Some(rest)) = (whole.checked_mul(b), rest.checked_mul(b))
        && let Some(quotient) = whole.checked_add(rest / c)
    {
        return (quotient, rest % c);
    }
    let (a_high, a_low) = (a >> 64, a & u128::from(u64::MAX));
    let (b_high, b_low) = (b >> 64, b & u128::from(u64::MAX));
    let low = a_low * b_low;
    let middle = a_high * b_low + (low >> 64);
    let cross = a_low * b_high + (middle & u128::from(u64::MAX));
    let high = a_high * b_high + (middle >> 64) + (cross >> 64);
    let low = (cross << 64) | (low & u128::from(u64::MAX));
    assert!(high < c, "a decimal quotient within 1.7e20");
    let (mut remainder, mut quotient) = (high, 0u128);
    for bit in (0..128).rev() {
        let carry = remainder >> 127;
        remainder = (remainder << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carry == 1 || remainder >= c {
            remainder = remainder.wrapping_sub(c);
            quotient |= 1;
        }
    }
    (quotient, remainder)
}
