//! The result of a task, of any type. Tasks and channels are generic code, which is compiled for each type that they
//! carry; with a single type for all results, it is compiled once.

use std::any::Any;

use tokio::sync::oneshot;

use super::boxed::BoxFuture;

/// A value whose type only its reader knows.
pub(crate) struct Outcome(Box<dyn Any + Send>);

impl Outcome {
    pub(crate) fn of<T: Send + 'static>(value: T) -> Self {
        Self(Box::new(value))
    }

    /// The value; `None` if it has another type, which is a bug in the code that created it.
    pub(crate) fn get<T: 'static>(self) -> Option<T> {
        self.0.downcast().ok().map(|value| *value)
    }
}

/// `work` as a task to be spawned, and its result: `None` if it panicked or its runtime ended. Dropping the result does
/// not end the task.
pub(crate) fn awaited<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> (BoxFuture<'static, ()>, impl Future<Output = Option<T>>) {
    let (task, outcome) = announced(Box::pin(async move { Outcome::of(work.await) }));
    (task, read(outcome))
}

// Neither of these two functions knows the type of the work.
async fn read<T: 'static>(outcome: oneshot::Receiver<Outcome>) -> Option<T> {
    outcome.await.ok().and_then(Outcome::get)
}

fn announced(work: BoxFuture<'static, Outcome>) -> (BoxFuture<'static, ()>, oneshot::Receiver<Outcome>) {
    let (done, outcome) = oneshot::channel();
    (Box::pin(async move { drop(done.send(work.await)) }), outcome)
}
