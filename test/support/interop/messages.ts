/** The messages of gRPC's interop service, as proto-loader gives them (`test/proto/grpc/testing/messages.proto`). */
export interface Payload {
  readonly type?: string;
  readonly body: Uint8Array;
}

export interface EchoStatus {
  readonly code: number;
  readonly message: string;
}

export interface SimpleRequest {
  readonly responseSize?: number;
  readonly payload?: Payload | null;
  readonly fillUsername?: boolean;
  readonly fillServerId?: boolean;
  readonly responseStatus?: EchoStatus | null;
}

export interface SimpleResponse {
  readonly payload?: Payload | null;
  readonly username?: string;
  readonly serverId?: string;
}

export interface StreamingInputCallRequest {
  readonly payload?: Payload | null;
}

export interface StreamingInputCallResponse {
  readonly aggregatedPayloadSize: number;
}

export interface ResponseParameters {
  readonly size: number;
  readonly intervalUs?: number;
}

export interface StreamingOutputCallRequest {
  readonly responseParameters?: readonly ResponseParameters[];
  readonly payload?: Payload | null;
  readonly responseStatus?: EchoStatus | null;
}

export interface StreamingOutputCallResponse {
  readonly payload?: Payload | null;
}
