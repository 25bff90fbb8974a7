import { STATUS_CODES } from "node:http";

/** A refusal by the Management API. */
export class ApiError extends Error {
  readonly statusCode: number;
  readonly errorCode: string | undefined;

  constructor(statusCode: number, message: string, errorCode?: string) {
    super(message);
    this.statusCode = statusCode;
    this.errorCode = errorCode;
  }

  body(): ApiErrorBody {
    return apiErrorBody(this.statusCode, this.message, this.errorCode);
  }
}

export interface ApiErrorBody {
  readonly statusCode: number;
  readonly error: string;
  readonly message: string;
  readonly errorCode?: string;
}

export function apiErrorBody(statusCode: number, message: string, errorCode?: string): ApiErrorBody {
  const error = STATUS_CODES[statusCode] ?? "Unknown";
  return { statusCode, error, message, ...(errorCode === undefined ? {} : { errorCode }) };
}

/** A refusal by /oauth/token. */
export class OAuthError extends Error {
  readonly statusCode: number;
  readonly error: string;

  constructor(statusCode: number, error: string, description: string) {
    super(description);
    this.statusCode = statusCode;
    this.error = error;
  }

  body(): OAuthErrorBody {
    return { error: this.error, error_description: this.message };
  }
}

export interface OAuthErrorBody {
  readonly error: string;
  readonly error_description: string;
}
