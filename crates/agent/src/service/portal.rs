//! The portal as the service sees it: who answers is a [`Link`], or a test.

use dca_cloud::{CloudError, Link};
use dca_wire::v1::{Caller, CheckInAnswer, CheckInRequest, DiagnosticsAnswer, ReportAnswer, ReportRequest};
use std::future::Future;

/// The calls that the service makes.
pub trait Portal: Send + Sync + 'static {
    /// How the agent is, and what the portal wants.
    fn check_in(&self, request: CheckInRequest) -> impl Future<Output = Result<CheckInAnswer, CloudError>> + Send;
    /// Records.
    fn report(&self, request: ReportRequest) -> impl Future<Output = Result<ReportAnswer, CloudError>> + Send;
    /// A bundle that an order asked for.
    fn put_diagnostics(
        &self,
        caller: Caller,
        order_id: Vec<u8>,
        bundle: Vec<u8>,
    ) -> impl Future<Output = Result<DiagnosticsAnswer, CloudError>> + Send;
    /// Who asks.
    fn caller(&self, boot_id: [u8; 16]) -> Caller;
    /// The portal's clock: milliseconds since 1970.
    fn now_ms(&self) -> i64;
    /// Portal's clock less this machine's.
    fn skew_ms(&self) -> i64;
    /// Drops the kept connection.
    fn drain(&self);
}

impl Portal for Link {
    async fn check_in(&self, request: CheckInRequest) -> Result<CheckInAnswer, CloudError> {
        Self::check_in(self, request).await
    }

    async fn report(&self, request: ReportRequest) -> Result<ReportAnswer, CloudError> {
        Self::report(self, request).await
    }

    async fn put_diagnostics(
        &self,
        caller: Caller,
        order_id: Vec<u8>,
        bundle: Vec<u8>,
    ) -> Result<DiagnosticsAnswer, CloudError> {
        Self::put_diagnostics(self, caller, order_id, bundle).await
    }

    fn caller(&self, boot_id: [u8; 16]) -> Caller {
        Self::caller(self, boot_id)
    }

    fn now_ms(&self) -> i64 {
        self.clock().now_ms()
    }

    fn skew_ms(&self) -> i64 {
        self.clock().skew_ms()
    }

    fn drain(&self) {
        Self::drain(self);
    }
}
