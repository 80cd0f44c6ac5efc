//! Tables for the scan.
