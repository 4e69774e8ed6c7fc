//! What a task comes to, of any type. Tasks and channels are generic code, compiled for each type that goes through
//! them; with one type for all, that is once.

use std::any::Any;

use tokio::sync::oneshot;

use super::boxed::BoxFuture;

/// A value that only its reader knows the type of.
pub(crate) struct Outcome(Box<dyn Any + Send>);

impl Outcome {
    pub(crate) fn of<T: Send + 'static>(value: T) -> Self {
        Self(Box::new(value))
    }

    /// The value; `None` where it is of another type, which is a mistake of the code that put it in.
    pub(crate) fn get<T: 'static>(self) -> Option<T> {
        self.0.downcast().ok().map(|value| *value)
    }
}

/// `work` as a task to be spawned, and what it will have come to: `None` where it panicked or its runtime ended. A reader
/// that is gone does not end it.
pub(crate) fn awaited<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> (BoxFuture<'static, ()>, impl Future<Output = Option<T>>) {
    let (task, outcome) = announced(Box::pin(async move { Outcome::of(work.await) }));
    (task, read(outcome))
}

// Neither of these two knows the type of the work.
async fn read<T: 'static>(outcome: oneshot::Receiver<Outcome>) -> Option<T> {
    outcome.await.ok().and_then(Outcome::get)
}

fn announced(work: BoxFuture<'static, Outcome>) -> (BoxFuture<'static, ()>, oneshot::Receiver<Outcome>) {
    let (done, outcome) = oneshot::channel();
    (Box::pin(async move { drop(done.send(work.await)) }), outcome)
}
