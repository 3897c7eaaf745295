//! The DCA as a library: targets, credentials, scan, read, walk, record, report.
