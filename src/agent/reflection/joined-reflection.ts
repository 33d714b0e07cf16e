import type { Call, CallHead, CallReset, CallSink, CallTarget } from '../../rpc/call.js';
import { withoutMetadata } from '../../rpc/metadata.js';
import { Answers } from './answers.js';
import { mergeAnswers } from './merge-answers.js';

/** So much may wait to be matched or read, in bytes; also the largest answer, as gRPC has it. */
const mostHeldBytes = 4 << 20;

/**
 * A call to the reflection of a node that has services of its own beside those of its servers: both are asked each
 * question, and answer as one. Where the servers do not answer, or cannot be reached, our answer stands alone.
 */
export class JoinedReflection implements Call {
  readonly #ours: Answers;
  readonly #theirs: Answers;
  readonly #sink: CallSink;
  #headSent = false;
  #over = false;
  /** Bytes that the caller has not read yet. */
  #unread = 0;

  constructor(ours: CallTarget, theirs: CallTarget, head: CallHead, sink: CallSink) {
    this.#sink = sink;
    // What is compressed cannot be merged.
    const plain = { ...head, metadata: withoutMetadata(head.metadata, 'grpc-accept-encoding') };
    const hooks = {
      largest: mostHeldBytes,
      changed: () => this.#pass(),
      writable: () => {
        if (!this.#over && !this.#ours.full && !this.#theirs.full) this.#sink.drain();
      },
    };
    this.#ours = new Answers(ours, plain, hooks);
    this.#theirs = new Answers(theirs, plain, hooks);
  }

  write(chunk: Uint8Array): boolean {
    this.#theirs.write(Buffer.from(chunk));
    this.#ours.write(chunk);
    return !this.#ours.full && !this.#theirs.full;
  }

  end(): void {
    this.#ours.finish();
    this.#theirs.finish();
  }

  cancel(reset: CallReset): void {
    this.#over = true;
    this.#ours.abandon(reset);
    this.#theirs.abandon(reset);
  }

  consumed(bytes: number): void {
    this.#unread -= bytes;
    this.#giveCredit();
  }

  /** Passes on what has been answered by both, or by the only one that still answers. */
  #pass(): void {
    const [ours, theirs] = [this.#ours, this.#theirs];
    while (!this.#over) {
      const [our, their] = [ours.first, theirs.first];
      const matched =
        (our ?? their) !== undefined &&
        (our ?? ours.ending) !== undefined &&
        (their ?? theirs.ending) !== undefined;
      if (!matched) break;
      if (our !== undefined) ours.take();
      if (their !== undefined) theirs.take();
      this.#tell(our?.message, their?.message);
    }
    this.#giveCredit();
    if (!this.#over && ours.ending !== undefined && theirs.ending !== undefined) this.#finish(ours.ending);
  }

  #tell(ours: Buffer | undefined, theirs: Buffer | undefined): void {
    const answer = ours === undefined || theirs === undefined ? (ours ?? theirs) : merged(ours, theirs);
    if (answer === undefined) return;
    if (!this.#headSent) this.#sink.head(this.#ours.metadata ?? this.#theirs.metadata ?? []);
    this.#headSent = true;
    const framed = Buffer.alloc(5 + answer.length);
    framed.writeUInt32BE(answer.length, 1);
    framed.set(answer, 5);
    this.#unread += framed.length;
    this.#sink.data(framed);
  }

  #finish({ trailers, reset }: NonNullable<Answers['ending']>): void {
    this.#over = true;
    if (trailers !== undefined) this.#sink.trailers(trailers);
    else this.#sink.reset(reset);
  }

  #giveCredit(): void {
    if (this.#unread + this.#ours.held + this.#theirs.held > mostHeldBytes) return;
    this.#ours.giveCredit();
    this.#theirs.giveCredit();
  }
}

/** What is broken is not theirs to tell. */
function merged(ours: Buffer, theirs: Buffer): Uint8Array {
  try {
    return mergeAnswers(ours, theirs);
  } catch {
    return ours;
  }
}
