//! Diagnostics bundles: taken only for an order that asked for one, at most 16 MiB.

use crate::Portal;
use crate::agents::Agent;
use crate::authenticate::unavailable;
use crate::store::{Batch, sql};
use dca_wire::v1::{DiagnosticsAnswer, DiagnosticsChunk};
use std::sync::Arc;
use tonic::{Status, Streaming};

/// Most octets of a bundle.
const MOST: usize = 16 << 20;

impl Portal {
    /// `Agent.PutDiagnostics`, from the first chunk on.
    pub(crate) async fn put_diagnostics(
        &self,
        agent: &Arc<Agent>,
        first: DiagnosticsChunk,
        mut rest: Streaming<DiagnosticsChunk>,
    ) -> Result<DiagnosticsAnswer, Status> {
        let id = first.order_id;
        let row = self.store.row(sql::COMMAND, &[id.clone().into()]).await.map_err(|error| unavailable(&error))?;
        let asked = row.is_some_and(|row| {
            row.text(0).is_ok_and(|of| of == agent.id) && row.text(1).is_ok_and(|kind| kind == "diagnose")
        });
        if !asked {
            return Err(Status::permission_denied("No order asked for this bundle."));
        }
        let mut bundle = first.data;
        while let Some(chunk) = rest.message().await? {
            if bundle.len() + chunk.data.len() > MOST {
                return Err(Status::out_of_range("A bundle has at most 16 MiB."));
            }
            bundle.extend_from_slice(&chunk.data);
        }
        let octets = bundle.len() as u64;
        let mut batch = Batch::new();
        batch.run(
            sql::DIAGNOSTICS_ADD,
            [id.into(), agent.id.as_str().into(), self.clock.now_ms().into(), bundle.into()],
        );
        self.write(batch).await?;
        Ok(DiagnosticsAnswer { courtesy: self.courtesy(), octets })
    }
}
