//! The stories: what Vestibule promises, told by personas through its doors. The ids in the names are the rows of the
//! security catalogue.

#[cfg(test)]
mod arkos;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod darukaa;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod hmac;
#[cfg(test)]
mod koolbase;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod process;
#[cfg(test)]
mod rakcha;
#[cfg(test)]
mod rakomi;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod schema;
