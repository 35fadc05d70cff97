// Written by `npm run client` from openapi.json. Do not edit.

export interface paths {
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the audit record, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Only those of this action. */
                    action?: string;
                    /** @description Where the page begins, from `next_cursor`. */
                    cursor?: string;
                    /** @description How many at most: 1 to 100, 20 by default. */
                    limit?: number;
                    /** @description Only those of this subject. */
                    subject?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_AuditBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for operators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_query`, `invalid_cursor` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/boxes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tells how full the ballot boxes are, how old their oldest vote is, and how many workers
         *     serve them.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The boxes of reviews, of dead letters and of all unfinished campaigns */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BoxesBody"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists campaigns without their channels and options, the latest start first. */
        get: {
            parameters: {
                query?: {
                    /** @description Where the page begins, from `next_cursor`. */
                    cursor?: string;
                    /** @description How many at most: 1 to 100, 20 by default. */
                    limit?: number;
                    /** @description Only those that are `scheduled`, `open`, `closing`, `drained` or `final`. */
                    state?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_CampaignSummaryBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `invalid_query`, `invalid_cursor` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        /** Creates a campaign. Its ballot box is declared before. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewCampaignBody"];
                };
            };
            responses: {
                /** @description The campaign; `ETag` is its version */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CampaignBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for operators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large`: more than 8 MiB */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_body`; `invalid_campaign`, with `errors`: a `field`, `code` and `detail` for each fault, 100 at most */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable`, `database_unavailable`: the campaign was not created, unless the database failed at the very end */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{campaign_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Reads a campaign with its channels and options. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    campaign_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The campaign; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CampaignBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `campaign_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Edits a campaign: before it opens everything, while it is open its name and a later end. */
        patch: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The version it changes, quoted: `"1"`; any without it */
                    "If-Match"?: string | null;
                };
                path: {
                    campaign_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CampaignEditBody"];
                };
            };
            responses: {
                /** @description The campaign; `ETag` is its version */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CampaignBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for operators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_editable`: with the `reason` `over`, or `fixed` and the `fields` that are fixed from 10 s before the start on */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `stale_version`, with the `version` there is */
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large`: more than 8 MiB */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_body`, `invalid_version`; `invalid_campaign` with `errors`, of which `earlier_end` for an end that is not later */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `time_unavailable`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/campaigns/{campaign_id}/board": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads a board: of all votes, of a channel, of a range of hours. It is at most a second
         *     and a half old; `ETag` changes with its content alone.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Only votes on the channel of this key. */
                    channel?: string;
                    /** @description Only votes admitted from this whole hour of UTC on. */
                    from?: string;
                    /** @description Only votes admitted before this whole hour of UTC. */
                    to?: string;
                };
                header?: never;
                path: {
                    campaign_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The board; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BoardBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `campaign_not_found`, `channel_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_query`, `invalid_range`: not whole hours of UTC, or none between them */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{campaign_id}/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Grants tickets to a voter; replies 202 once they are committed and in the wallet. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    campaign_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["GrantRequest"];
                };
            };
            responses: {
                /** @description Granted, now or before */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["GrantedBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated`, `invalid_signature`, `replayed_request` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for operators; `foreign_voter`: a partner grants to its own voters */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_found`, `voter_not_found`: no such member */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_open`: over, with `state`; `too_many_lots` */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_body`, `invalid_tickets`, `too_many_tickets`, `invalid_voter`, `grant_key_reused` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable`: repeat it with the same key */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{campaign_id}/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows every ticket of the voter that came or went, newest first. */
        get: {
            parameters: {
                query?: {
                    cursor?: string;
                    limit?: number;
                };
                header?: {
                    /** @description The voter, of a signed request */
                    "X-Tally-Voter"?: string | null;
                };
                path: {
                    campaign_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page of the statement */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LedgerBody"];
                    };
                };
                /** @description Nothing changed */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated`, `invalid_signature`, `replayed_request` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_voter`, `invalid_query`, `invalid_cursor` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{campaign_id}/options/{option}/fans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists an option's fans, most tickets first; first pages are at most a second and a
         *     half old. Beyond rank 100,000 `me` says `at_least`.
         */
        get: {
            parameters: {
                query?: {
                    cursor?: string;
                    limit?: number;
                };
                header?: never;
                path: {
                    campaign_id: string;
                    /** @description The option's key */
                    option: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FansBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated`: a token is not needed, but must be sound; `invalid_signature`, `replayed_request` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_found`, `option_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_query`, `invalid_cursor`, `invalid_voter` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable`, `signature_unverifiable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{campaign_id}/options/{option}/hours": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads an option's tickets by the hour (UTC) in which their votes were admitted; without
         *     a range from the campaign's first hour on.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Only votes on the channel of this key. */
                    channel?: string;
                    /** @description Only votes admitted from this whole hour of UTC on. */
                    from?: string;
                    /** @description Only votes admitted before this whole hour of UTC. */
                    to?: string;
                };
                header?: never;
                path: {
                    campaign_id: string;
                    /** @description The option's key */
                    option: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The series; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["HoursBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `campaign_not_found`, `option_not_found`, `channel_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_query`, `invalid_range`: not whole hours of UTC, or none between them */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{campaign_id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads the frozen result. With `?format=canonical` the text that was digested comes as
         *     it is, so that anybody can compute its SHA-256:
         * @description ```text
         *     tally-result 1
         *     campaign <id>
         *     starts_at <RFC 3339, UTC, microseconds, Z>
         *     ends_at <likewise>
         *     votes <number of votes that counted>
         *     option <key> <channel> <tickets>     one for each option and channel
         *     ```
         *
         *     Each line ends with one line feed; option lines are sorted by the bytes of option key,
         *     then channel key.
         */
        get: {
            parameters: {
                query?: {
                    /** @description `json`, the default, or `canonical`: the text whose SHA-256 is the digest. */
                    format?: "json" | "canonical";
                };
                header?: never;
                path: {
                    campaign_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The result; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ResultBody"];
                        "text/plain": string;
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `campaign_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_final`, with its `state` */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_query` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{campaign_id}/voids": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Voids one vote, or all votes of a voter, also those that are still queued. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    campaign_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["VoidRequest"];
                };
            };
            responses: {
                /** @description The void holds */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VoidedBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for operators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_found`, `vote_not_found`: of another campaign */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_open`: drained or final, with `state`; `vote_not_counted` */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_body`, `invalid_voter` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable`: repeat it */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{campaign_id}/votes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Spends tickets on an option; replies 202 once the vote is durable. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "Idempotency-Key"?: string | null;
                    /** @description The voter, of a signed request */
                    "X-Tally-Voter"?: string | null;
                };
                path: {
                    campaign_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CampaignVoteRequest"];
                };
            };
            responses: {
                /** @description Accepted: durable, soon counted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CampaignAcceptedBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated`, `invalid_signature`, `replayed_request` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `channel_closed_to_voter` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_found`, `option_not_found`, `channel_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_open`, with `state` */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_body`, `invalid_tickets`, `too_many_tickets`, `insufficient_tickets` with `balance`, `invalid_voter`, `idempotency_key_reused`, `invalid_idempotency_key` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `channel_limit_reached`, with `resets_at` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable`, `overloaded` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{campaign_id}/wallet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows what the voter holds, just-granted and free tickets included. */
        get: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The voter, of a signed request */
                    "X-Tally-Voter"?: string | null;
                };
                path: {
                    campaign_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The wallet */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WalletBody"];
                    };
                };
                /** @description Nothing changed */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated`, `invalid_signature`, `replayed_request` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `campaign_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_voter` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists what no worker could settle, oldest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Only those of this box, such as `votes.reviews`. */
                    box?: string;
                    /** @description Where the page begins, from `next_cursor`. */
                    cursor?: string;
                    /** @description How many at most: 1 to 100, 20 by default. */
                    limit?: number;
                    /** @description Only those that are `open`, `replayed` or `dropped`. */
                    state?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_DeadLetterBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for operators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_query`, `invalid_cursor` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{dead_letter_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows one letter: why it is one, its bytes, its votes, and what the ledger has of them. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    dead_letter_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The letter; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeadLetterDetailBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for operators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `dead_letter_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{dead_letter_id}/drop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives a letter up: those of its votes that the ledger does not know are rejected, and
         *     their voters get back what they had reserved. Votes of a campaign that is drained or final
         *     are left out. May be repeated. A close that waited for the letter goes on.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    dead_letter_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DropRequest"];
                };
            };
            responses: {
                /** @description It is dropped */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DroppedBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for operators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `dead_letter_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `dead_letter_replayed` */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_body` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable`: it may be dropped; repeat it */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{dead_letter_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sends a letter to its box again, also after its campaign's end as long as that is not
         *     drained; replies 202 once the broker has it. May be repeated: no vote counts twice. A letter
         *     that arrived again meanwhile stays open.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    dead_letter_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The broker has it; the letter as it stands now */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeadLetterBody"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for operators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `dead_letter_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `dead_letter_dropped`; `ballot_box_gone`: its campaign is drained or final; `ballot_box_unknown` */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable`: it may be on its way; repeat it */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/items/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Reads an item. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    item_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The item; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ItemBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `item_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/items/{item_id}/reviews": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the reviews of an item. */
        get: {
            parameters: {
                query?: {
                    /** @description Where the page begins, from `next_cursor` of the same sort. */
                    cursor?: string;
                    /** @description How many at most: 1 to 100, 20 by default. */
                    limit?: number;
                    /**
                     * @description `new` (newest first, the default), `top` (lower bound of the Wilson score interval
                     *     of the share of up votes) or `hot` (up votes less down votes, and youth). The last
                     *     two rank the newest 10,000 reviews.
                     */
                    sort?: "new" | "top" | "hot";
                };
                header?: never;
                path: {
                    item_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_ReviewBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated`: a token is not needed, but must be sound */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `item_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_query`, `invalid_cursor` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells who one is, and how many votes are left today. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The account; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MeBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ranks restaurants and items by one's own votes and reviews: by up votes less down votes
         *     that stand on their reviews, plus (stars − 3) for each review of one's own.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What one likes; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PreferencesBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/votes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists one's own votes that came to their end, latest first. */
        get: {
            parameters: {
                query?: {
                    cursor?: string;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_HistoryBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_query`, `invalid_cursor` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/partners": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists partners by the kinds of their voters, with their keys and without secrets. */
        get: {
            parameters: {
                query?: {
                    cursor?: string;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_PartnerBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for admins */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_query`, `invalid_cursor` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        /** Admits a partner, and gives it its first key. The secret is shown this once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewPartnerBody"];
                };
            };
            responses: {
                /** @description The partner, with its key and secret */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AdmittedBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for admins */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `voter_kind_taken`: a kind belongs to one partner */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_body`, `invalid_name`, `invalid_voter_kind` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable`, `partner_secrets_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/partners/{partner_id}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives a partner one more key; those it has stay good, so that it can change over. The
         *     secret is shown this once.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    partner_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The key and its secret */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewKeyBody"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for admins */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `partner_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `too_many_keys`: revoke one first */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable`, `partner_secrets_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/partners/{partner_id}/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revokes a key; nothing signed with it is taken any more, everywhere within two seconds.
         *     Doing so again changes nothing.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    key_id: string;
                    partner_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Revoked, now or before */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for admins */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `partner_key_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/restaurants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists restaurants by name. */
        get: {
            parameters: {
                query?: {
                    /** @description Where the page begins, from `next_cursor`. */
                    cursor?: string;
                    /** @description How many at most: 1 to 100, 20 by default. */
                    limit?: number;
                    /** @description Only those with this in their name, in upper or lower case. */
                    q?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_RestaurantBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `invalid_query`, `invalid_cursor` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        /** Adds a restaurant. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewRestaurantBody"];
                };
            };
            responses: {
                /** @description The restaurant */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RestaurantBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for operators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_body`, `invalid_name`, `invalid_address`, `invalid_description` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/restaurants/{restaurant_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Reads a restaurant. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    restaurant_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The restaurant; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RestaurantBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `restaurant_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/restaurants/{restaurant_id}/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists a restaurant's items by name. */
        get: {
            parameters: {
                query?: {
                    cursor?: string;
                    limit?: number;
                };
                header?: never;
                path: {
                    restaurant_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_ItemBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `restaurant_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_query`, `invalid_cursor` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        /** Adds an item to a restaurant. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    restaurant_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewItemBody"];
                };
            };
            responses: {
                /** @description The item */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ItemBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for operators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `restaurant_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_body`, `invalid_name`, `invalid_description` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/restaurants/{restaurant_id}/review": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Writes a review; the same as `/reviews`. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    restaurant_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewReviewBody"];
                };
            };
            responses: {
                /** @description As `/reviews` answers */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReviewBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `restaurant_not_found`, `item_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_body`, `invalid_stars`, `invalid_content`, `invalid_id` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/restaurants/{restaurant_id}/reviews": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the reviews of a restaurant's items. */
        get: {
            parameters: {
                query?: {
                    /** @description Where the page begins, from `next_cursor` of the same sort. */
                    cursor?: string;
                    /** @description How many at most: 1 to 100, 20 by default. */
                    limit?: number;
                    /**
                     * @description `new` (newest first, the default), `top` (lower bound of the Wilson score interval
                     *     of the share of up votes) or `hot` (up votes less down votes, and youth). The last
                     *     two rank the newest 10,000 reviews.
                     */
                    sort?: "new" | "top" | "hot";
                };
                header?: never;
                path: {
                    restaurant_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_ReviewBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated`: a token is not needed, but must be sound */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `restaurant_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_query`, `invalid_cursor` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        /** Writes a review. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    restaurant_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewReviewBody"];
                };
            };
            responses: {
                /** @description The review; `ETag` is its version */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReviewBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `restaurant_not_found`, `item_not_found`: none of this restaurant's */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_body`, `invalid_stars`, `invalid_content` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reviews/{review_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Reads a review. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    review_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The review; with `ETag`. `If-Match` wants its `version` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReviewBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated`: a token is not needed, but must be sound */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `review_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /**
         * Removes a review: one's own, or any as a moderator. Votes on it that were accepted
         *     before still count, and no more are taken.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    review_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for its author, and moderators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `review_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Changes a review of one's own. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    /** @description The version it changes, quoted: `"1"` */
                    "If-Match": string;
                };
                path: {
                    review_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ReviewChangeBody"];
                };
            };
            responses: {
                /** @description The review; `ETag` is its version */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReviewBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for its author */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `review_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `stale_version`, with the `version` there is */
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_body`, `invalid_stars`, `invalid_content`, `invalid_version` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `version_required` */
                428: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable`: it may have been edited */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/reviews/{review_id}/downvote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Votes a review down; replies 202 once the vote is durable. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "Idempotency-Key"?: string | null;
                };
                path: {
                    review_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Accepted: durable, soon counted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AcceptedBody"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `self_vote` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `review_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `idempotency_key_reused` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `daily_quota_used`, with `resets_at` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable`, `overloaded` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reviews/{review_id}/upvote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Votes a review up; replies 202 once the vote is durable. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "Idempotency-Key"?: string | null;
                };
                path: {
                    review_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Accepted: durable, soon counted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AcceptedBody"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `self_vote` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `review_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `idempotency_key_reused` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `daily_quota_used`, with `resets_at` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable`, `overloaded` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reviews/{review_id}/voids": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Voids one vote on a review, or all of a member's, also those that are still queued. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    review_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["VoidRequest"];
                };
            };
            responses: {
                /** @description The void holds */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VoidedBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for moderators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `review_not_found`; `vote_not_found`: on another review */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `vote_not_counted`: it was rejected */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_body`, `invalid_voter` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable`: repeat it */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reviews/{review_id}/vote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes a vote back; costs nothing and gives nothing back. */
        delete: {
            parameters: {
                query?: never;
                header?: {
                    "Idempotency-Key"?: string | null;
                };
                path: {
                    review_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Accepted: durable, soon counted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AcceptedBody"];
                    };
                };
                /** @description No vote stood */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `self_vote` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `review_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `idempotency_key_reused` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable`, `overloaded` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reviews/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tells what the votes on some reviews come to. Made to be polled: `ETag` changes with
         *     the counts only, and not with `as_of`.
         */
        get: {
            parameters: {
                query: {
                    /**
                     * @description Up to 100 ids, separated by commas.
                     * @example 3b1f9a60-43a5-4f0d-8a53-5f2f0a9c2d22
                     */
                    ids: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The counts; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CountsBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated`: a token is not needed, but must be sound */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_query`, `too_many_ids` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Login"];
                };
            };
            responses: {
                /** @description A pair of tokens */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TokensBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_credentials` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_body` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited`: too often from here, or under this name */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        /**
         * Signs out: of the session that the refresh token in the body belongs to, or without a
         *     body of all. Access tokens already handed out run out by themselves.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": components["schemas"]["RefreshTokenBody"] | null;
                };
            };
            responses: {
                /** @description Signed out */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `malformed_json`, `incomplete_body` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_body` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Trades a refresh token for a new pair. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RefreshTokenBody"];
                };
            };
            responses: {
                /** @description A pair of tokens; the old refresh token is spent */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TokensBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_refresh_token`; one that was spent before revokes the session it came from */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_body` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists members by name. */
        get: {
            parameters: {
                query?: {
                    /** @description Where the page begins, from `next_cursor`. */
                    cursor?: string;
                    /** @description How many at most: 1 to 100, 20 by default. */
                    limit?: number;
                    /** @description Only those whose names begin with this, in upper or lower case. */
                    q?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page; with `ETag` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_UserBody"];
                    };
                };
                /** @description As `If-None-Match` says */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for moderators */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_query`, `invalid_cursor` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        /** Makes an account. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Login"];
                };
            };
            responses: {
                /** @description The account */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UserBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `name_taken`, however it is spelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_body`, `invalid_user_name`, `invalid_password` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `overloaded`, `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Gives a role; it holds at once. Giving it again changes nothing. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    user_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RoleBody"];
                };
            };
            responses: {
                /** @description The account */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UserBody"];
                    };
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `forbidden`: for admins */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `user_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `last_admin`: nobody would be one */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_body` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `database_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/votes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tells what became of some of one's own votes. Those that are not are left out, and for ten
         *     minutes after Redis lost its data also those of which nobody can say just now: asked after
         *     alone, the first are 404, the others 503 `vote_state_unknown`.
         */
        get: {
            parameters: {
                query: {
                    /** @description Up to 100 ids, separated by commas. */
                    ids: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The votes */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VotesBody"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id`, `invalid_query`, `too_many_ids` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        /** Casts a ballot of any direction; the same as the three routes below a review. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "Idempotency-Key"?: string | null;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["VoteRequest"];
                };
            };
            responses: {
                /** @description Accepted: durable, soon counted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AcceptedBody"];
                    };
                };
                /** @description No vote stood */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `malformed_json` */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `self_vote` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `review_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_timeout` */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `body_too_large` */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `unsupported_media_type` */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_body`, `idempotency_key_reused` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `daily_quota_used`, with `resets_at` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `queue_unavailable`, `overloaded` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/votes/{vote_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells what became of one's own vote. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    vote_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The vote */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AnyVoteBody"];
                    };
                };
                /** @description `unauthenticated` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `vote_not_found` */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `invalid_id` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `rate_limited` */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
                /** @description `vote_state_unknown`, `queue_unavailable` */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDetails"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A vote that was accepted: durable, and soon counted. */
        AcceptedBody: {
            /**
             * @description Always `accepted`.
             * @example accepted
             */
            state: string;
            /** Format: uuid */
            vote_id: string;
            votes: components["schemas"]["QuotaBody"];
        };
        /** @description Who did it. */
        ActorBody: {
            /** @enum {string} */
            kind: "user";
            /** Format: uuid */
            user_id: string;
            /** @description The account's name. */
            user_name?: string | null;
        } | {
            /**
             * Format: uuid
             * @description The key it signed with.
             */
            key_id: string;
            /** @enum {string} */
            kind: "partner";
            /** Format: uuid */
            partner_id: string;
        } | {
            /** @enum {string} */
            kind: "system";
        };
        /**
         * @description A partner that was admitted, with its first key.
         * @example {
         *       "created_at": "2026-03-01T12:00:00Z",
         *       "key_id": "2f1f6a0c-9b8e-4d0b-7c1e-0f9a1c529d11",
         *       "name": "National Broadcaster",
         *       "partner_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52",
         *       "secret": "64 hexadecimal characters",
         *       "voter_kind": "jury"
         *     }
         */
        AdmittedBody: components["schemas"]["NewKeyBody"] & {
            name: string;
            /** Format: uuid */
            partner_id: string;
            voter_kind: string;
        };
        /** @description What became of a vote of either product. */
        AnyVoteBody: components["schemas"]["VoteBody"] | components["schemas"]["CampaignVoteBody"];
        /**
         * @description Who did what, and when.
         * @example {
         *       "action": "role_given",
         *       "actor": {
         *         "kind": "user",
         *         "user_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11",
         *         "user_name": "root"
         *       },
         *       "at": "2026-03-01T12:00:00Z",
         *       "audit_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52",
         *       "detail": {
         *         "from": "member",
         *         "to": "moderator"
         *       },
         *       "subject": "user:2f1f6a0c-9b8e-4d0b-7c1e-0f9a1c529d11"
         *     }
         */
        AuditBody: {
            /** @description What was done, in one word, such as `role_given` or `partner_created`. */
            action: string;
            actor: components["schemas"]["ActorBody"];
            /** Format: date-time */
            at: string;
            /** Format: uuid */
            audit_id: string;
            /** @description The rest, as the action has it. */
            detail: Record<string, never>;
            /** @description To what: a kind and an id, such as `user:…`, `campaign:…` or `partner:…`. */
            subject: string;
        };
        /** @description Who wrote a review. */
        AuthorBody: {
            /** Format: uuid */
            user_id: string;
            user_name: string;
        };
        /**
         * @description A board: every option of the campaign, most tickets first.
         * @example {
         *       "as_of": "2026-05-10T12:00:00Z",
         *       "options": [
         *         {
         *           "name": "First song",
         *           "option": "a",
         *           "rank": 1,
         *           "votes": 1204
         *         }
         *       ],
         *       "state": "open"
         *     }
         */
        BoardBody: {
            /**
             * Format: date-time
             * @description When the tickets were summed.
             */
            as_of: string;
            options: components["schemas"]["BoardRowBody"][];
            /** @description The campaign's state. */
            state: string;
        };
        /** @description An option's place. Equal votes share a rank and stand in the order of the options. */
        BoardRowBody: {
            name: string;
            option: string;
            /** Format: int64 */
            rank: number;
            /**
             * Format: int64
             * @description Tickets spent on it.
             */
            votes: number;
        };
        /**
         * @description A ballot box.
         * @example {
         *       "age_s": 0.4,
         *       "campaign_id": null,
         *       "depth": 12,
         *       "name": "votes.reviews",
         *       "state": null,
         *       "takes_votes": true,
         *       "workers": 2
         *     }
         */
        BoxBody: {
            /**
             * Format: double
             * @description How old the oldest of these votes is, in seconds; 0 where none waits, `null` while
             *     it cannot be told.
             */
            age_s?: number | null;
            /**
             * Format: uuid
             * @description The campaign whose votes it holds.
             */
            campaign_id?: string | null;
            /**
             * Format: int32
             * @description Messages that wait for a worker, of up to 256 votes each; `null` while there is no
             *     such box.
             */
            depth?: number | null;
            /** @description As the broker knows it. */
            name: string;
            /**
             * @description The campaign's state.
             * @example open
             */
            state?: string | null;
            /** @description Whether this gateway takes votes for it, or sheds them because they wait too long. */
            takes_votes: boolean;
            /**
             * Format: int32
             * @description Consumers.
             */
            workers?: number | null;
        };
        /** @description The ballot boxes. */
        BoxesBody: {
            /** Format: date-time */
            as_of: string;
            items: components["schemas"]["BoxBody"][];
        };
        /** @description A vote that was accepted: durable, and soon counted. */
        CampaignAcceptedBody: {
            /**
             * Format: int64
             * @description Tickets left.
             */
            balance: number;
            /**
             * @description Always `accepted`.
             * @example accepted
             */
            state: string;
            /** Format: uuid */
            vote_id: string;
        };
        /** @description A campaign. */
        CampaignBody: components["schemas"]["CampaignSummaryBody"] & {
            channels: components["schemas"]["ChannelBody"][];
            options: components["schemas"]["OptionBody"][];
        };
        /**
         * @description What to change about a campaign; what is left out stays. Channels and options are
         *     replaced whole.
         * @example {
         *       "ends_at": "2026-05-23T20:00:00Z",
         *       "name": "Song of the century"
         *     }
         */
        CampaignEditBody: {
            channels?: components["schemas"]["ChannelBody"][] | null;
            /** Format: date-time */
            ends_at?: string | null;
            /** Format: int64 */
            free_daily_tickets?: number | null;
            /** Format: int64 */
            max_tickets_per_vote?: number | null;
            name?: string | null;
            options?: components["schemas"]["OptionBody"][] | null;
            /** Format: date-time */
            starts_at?: string | null;
            ticket_expiry?: components["schemas"]["ExpiryBody"] | null;
            time_zone?: string | null;
        };
        /**
         * @description A campaign without its channels and options.
         * @example {
         *       "campaign_id": "8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22",
         *       "created_at": "2026-04-01T12:00:00Z",
         *       "ends_at": "2026-05-22T20:00:00Z",
         *       "free_daily_tickets": 3,
         *       "max_tickets_per_vote": 1000000,
         *       "n_channels": 1,
         *       "n_options": 26,
         *       "name": "Song of the year",
         *       "starts_at": "2026-05-01T18:00:00Z",
         *       "state": "open",
         *       "ticket_expiry": {
         *         "days": 7,
         *         "kind": "days"
         *       },
         *       "time_zone": "Europe/Berlin",
         *       "updated_at": "2026-04-01T12:00:00Z",
         *       "version": 1
         *     }
         */
        CampaignSummaryBody: {
            /** Format: uuid */
            campaign_id: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            ends_at: string;
            /** Format: int32 */
            free_daily_tickets: number;
            /** Format: int32 */
            max_tickets_per_vote: number;
            /** Format: int32 */
            n_channels: number;
            /** Format: int32 */
            n_options: number;
            name: string;
            /** Format: date-time */
            starts_at: string;
            /** @description `scheduled`, `open`, `closing`, `drained` or `final`. */
            state: string;
            ticket_expiry: components["schemas"]["ExpiryBody"];
            time_zone: string;
            /** Format: date-time */
            updated_at: string;
            /**
             * Format: int64
             * @description One higher with each edit; what `If-Match` names.
             */
            version: number;
        };
        /** @description What became of a vote in a campaign. */
        CampaignVoteBody: {
            /** Format: uuid */
            campaign_id: string;
            /**
             * Format: date-time
             * @description When it was admitted.
             */
            cast_at: string;
            /** @description Key of the channel. */
            channel?: string | null;
            /** @description Key of the option. */
            option?: string | null;
            /** @description Why: the code of a rejection, or the words of whoever voided it. */
            reason?: string | null;
            /**
             * Format: date-time
             * @description When it entered the ledger.
             */
            settled_at?: string | null;
            /**
             * @description `accepted`, `counted`, `rejected` or `voided`.
             * @example counted
             */
            state: string;
            /**
             * Format: int32
             * @description Tickets it spends.
             */
            tickets: number;
            /** Format: uuid */
            vote_id: string;
        };
        /**
         * @description Tickets to spend.
         * @example {
         *       "channel": "web",
         *       "option": "a",
         *       "tickets": 2
         *     }
         */
        CampaignVoteRequest: {
            /** @description Key of a channel. */
            channel: string;
            /** @description Key of an option. */
            option: string;
            /**
             * Format: int64
             * @description How many tickets, at least 1.
             */
            tickets: number;
        };
        /** @description A way votes come in. */
        ChannelBody: {
            /**
             * Format: int64
             * @description The most tickets a voter spends on it on one local day; at least 1.
             */
            daily_ticket_limit?: number | null;
            /** @description 1 to 64 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit; each key once. */
            key: string;
            /** @description One line of 1 to 200 characters. */
            name: string;
            /** @description Whose channel it is; everybody's without it. */
            voter_kinds?: string[] | null;
        };
        /** @description What the votes on a review come to. Its form has a number, `counters::FORM`. */
        CountBody: {
            /**
             * Format: int64
             * @description Down votes that stand.
             */
            down: number;
            /** @description The direction of one's own vote that stands; see a review's. */
            my_vote?: string | null;
            /** Format: uuid */
            review_id: string;
            /**
             * Format: int64
             * @description Up votes that stand.
             */
            up: number;
        };
        /**
         * @description Counts at one moment.
         * @example {
         *       "as_of": "2026-03-01T12:00:00Z",
         *       "counts": [
         *         {
         *           "down": 1,
         *           "my_vote": null,
         *           "review_id": "3b1f9a60-43a5-4f0d-8a53-5f2f0a9c2d22",
         *           "up": 12
         *         }
         *       ]
         *     }
         */
        CountsBody: {
            /**
             * Format: date-time
             * @description When they were read.
             */
            as_of: string;
            /** @description In the order asked for; a review that is not there is left out. */
            counts: components["schemas"]["CountBody"][];
        };
        /**
         * @description Something that no worker could settle.
         * @example {
         *       "arrivals": 1,
         *       "box": "votes.campaign.8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22",
         *       "created_at": "2026-05-03T12:00:00Z",
         *       "dead_letter_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11",
         *       "detail": "database refused: Out of range value",
         *       "kind": "vote",
         *       "reason": "refused",
         *       "resolved_at": null,
         *       "size_bytes": 187,
         *       "state": "open"
         *     }
         */
        DeadLetterBody: {
            /**
             * Format: int64
             * @description How often it arrived.
             */
            arrivals: number;
            /** @description The ballot box it came from; `votes.dead` where the broker did not say. */
            box: string;
            /**
             * Format: date-time
             * @description When it first arrived.
             */
            created_at: string;
            /** Format: uuid */
            dead_letter_id: string;
            /** @description Why, in full. */
            detail: string;
            /** @description `vote`, or `message` for a whole message of the queue. */
            kind: string;
            /**
             * @description Why, in one word: `malformed`, `unsupported_version`, `foreign`, `refused` or
             *     `undeliverable`.
             */
            reason: string;
            /**
             * Format: date-time
             * @description When an operator decided.
             */
            resolved_at?: string | null;
            /** @description Its size. */
            size_bytes: number;
            /** @description `open`, `replayed` or `dropped`. */
            state: string;
        };
        /** @description A dead letter, with what is in it. */
        DeadLetterDetailBody: components["schemas"]["DeadLetterBody"] & {
            /** @description It, as it arrived, in base64. */
            bytes: string;
            /**
             * Format: int64
             * @description How many parts cannot be read.
             */
            unreadable: number;
            /** @description The votes that can be read. */
            votes: components["schemas"]["LetterVoteBody"][];
        };
        /**
         * @description A direction as the API writes it; `none` takes a vote back.
         * @enum {string}
         */
        DirectionName: "up" | "down" | "none";
        /**
         * @description What dropping a letter did.
         * @example {
         *       "dead_letter_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11",
         *       "known": 0,
         *       "rejected": [
         *         "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52"
         *       ],
         *       "state": "dropped",
         *       "unreadable": 0
         *     }
         */
        DroppedBody: {
            /** Format: uuid */
            dead_letter_id: string;
            /**
             * Format: int64
             * @description How many votes had come to their end before, or name a campaign that is drained or
             *     final: its ledger never moves again.
             */
            known: number;
            /** @description The votes that are rejected now, with the reason `dropped`. */
            rejected: string[];
            /** @description Always `dropped`. */
            state: string;
            /**
             * Format: int64
             * @description How many parts of it could not be read; the ledger has nothing of them.
             */
            unreadable: number;
        };
        /**
         * @description Why a letter is dropped.
         * @example {
         *       "reason": "cast by a broken client"
         *     }
         */
        DropRequest: {
            /** @description Up to 500 characters; for the audit record. */
            reason: string;
        };
        /** @description A line of a voter's statement. */
        EntryBody: {
            /** Format: date-time */
            at: string;
            /**
             * Format: int64
             * @description What the voter had afterwards.
             */
            balance: number;
            /** @description Where it was cast. */
            channel?: string | null;
            /**
             * @description `grant`, `vote`, `refund` or `expiry`.
             * @example vote
             */
            kind: string;
            /**
             * Format: uuid
             * @description The lot that was granted or expired.
             */
            lot_id?: string | null;
            /** @description What it was for. */
            option?: string | null;
            /**
             * @description Why the tickets were granted; or why they came back: why the vote was rejected, or
             *     `voided`.
             */
            reason?: string | null;
            /** @description Where the lot comes from. */
            source?: string | null;
            /**
             * Format: int64
             * @description How many came; went, if below 0.
             */
            tickets: number;
            /**
             * Format: uuid
             * @description The vote that spent the tickets, or gave them back.
             */
            vote_id?: string | null;
        };
        /** @description How long tickets last: `end_of_day`, `days` with `days`, or `campaign_end`. */
        ExpiryBody: {
            /** @enum {string} */
            kind: "end_of_day";
        } | {
            /**
             * Format: int64
             * @description 1 to 366.
             */
            days: number;
            /** @enum {string} */
            kind: "days";
        } | {
            /** @enum {string} */
            kind: "campaign_end";
        };
        /** @description A fan. Equal votes share a rank. */
        FanBody: {
            /** @description A member's user name; anybody else's id. */
            name: string;
            /** Format: int64 */
            rank: number;
            voter: components["schemas"]["VoterBody"];
            /**
             * Format: int64
             * @description Tickets spent on the option.
             */
            votes: number;
        };
        /** @description The caller's own place. */
        FanMeBody: {
            /** @description True where the rank is at least this. */
            at_least?: boolean | null;
            /**
             * Format: int32
             * @description Exact up to 100,000.
             */
            rank: number;
            /** Format: int64 */
            votes: number;
        };
        /**
         * @description A page of an option's fans.
         * @example {
         *       "as_of": "2026-05-10T12:00:00Z",
         *       "items": [
         *         {
         *           "name": "DE",
         *           "rank": 1,
         *           "voter": {
         *             "id": "DE",
         *             "kind": "jury"
         *           },
         *           "votes": 12
         *         }
         *       ],
         *       "me": {
         *         "rank": 4,
         *         "votes": 3
         *       },
         *       "next_cursor": null
         *     }
         */
        FansBody: {
            /**
             * Format: date-time
             * @description When the page was read.
             */
            as_of: string;
            items: components["schemas"]["FanBody"][];
            me?: components["schemas"]["FanMeBody"] | null;
            /** @description Asks for the next page; null on the last one. */
            next_cursor?: string | null;
        };
        /** @description A grant that is in SQL. */
        GrantedBody: {
            /** Format: uuid */
            grant_id: string;
        };
        /**
         * @description Tickets to grant.
         * @example {
         *       "grant_key": "order-4711",
         *       "reason": "Bought five.",
         *       "tickets": 5,
         *       "voter": {
         *         "id": "voter-1",
         *         "kind": "jury"
         *       }
         *     }
         */
        GrantRequest: {
            /** @description The client's name for this grant, 1 to 255 bytes: the same key grants once. */
            grant_key: string;
            /** @description Why, up to 200 characters. */
            reason: string;
            /**
             * Format: int64
             * @description How many, 1 to 1,000,000.
             */
            tickets: number;
            voter: components["schemas"]["VoterBody"];
        };
        /**
         * @description A vote that came to its end.
         * @example {
         *       "cast_at": "2026-03-01T12:00:00.000001Z",
         *       "cost": 1,
         *       "direction": "up",
         *       "reason": null,
         *       "review_id": "3b1f9a60-43a5-4f0d-8a53-5f2f0a9c2d22",
         *       "settled_at": "2026-03-01T12:00:00.020000Z",
         *       "state": "counted",
         *       "superseded_by": null,
         *       "vote_id": "7d9f2f8e-0a52-8c51-9d3c-0d9d2c9d1c11"
         *     }
         */
        HistoryBody: {
            /**
             * Format: date-time
             * @description When it was admitted.
             */
            cast_at: string;
            /**
             * Format: int32
             * @description How many of the day's votes it used; none if it was voided and they were returned.
             */
            cost: number;
            /**
             * @description `up`, `down`, or `none` for one that took a vote back.
             * @example up
             */
            direction: string;
            /** @description Why: the code of a rejection, or the words of whoever voided it. */
            reason?: string | null;
            /** Format: uuid */
            review_id: string;
            /**
             * Format: date-time
             * @description When it entered the ledger.
             */
            settled_at: string;
            /**
             * @description `counted`, `rejected` or `voided`.
             * @example counted
             */
            state: string;
            /**
             * Format: uuid
             * @description The vote that changed or took back this one.
             */
            superseded_by?: string | null;
            /** Format: uuid */
            vote_id: string;
        };
        /** @description Tickets of votes admitted within an hour. */
        HourBody: {
            /**
             * Format: date-time
             * @description When the hour begins; hours are UTC's.
             */
            hour: string;
            /** Format: int64 */
            votes: number;
        };
        /**
         * @description An option's tickets, hour by hour.
         * @example {
         *       "as_of": "2026-05-10T12:00:00Z",
         *       "hours": [
         *         {
         *           "hour": "2026-05-10T11:00:00Z",
         *           "votes": 0
         *         },
         *         {
         *           "hour": "2026-05-10T12:00:00Z",
         *           "votes": 7
         *         }
         *       ]
         *     }
         */
        HoursBody: {
            /**
             * Format: date-time
             * @description When the tickets were summed.
             */
            as_of: string;
            /** @description Every hour of the range that has begun, those without a vote too; oldest first. */
            hours: components["schemas"]["HourBody"][];
        };
        /**
         * @description A dish or drink of a restaurant.
         * @example {
         *       "created_at": "2026-03-01T12:00:00Z",
         *       "description": "Eighteen hours of broth.",
         *       "item_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52",
         *       "n_reviews": 7,
         *       "name": "Ramen",
         *       "restaurant_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52",
         *       "stars_mean": 4.5
         *     }
         */
        ItemBody: {
            /** Format: date-time */
            created_at: string;
            description: string;
            /** Format: uuid */
            item_id: string;
            /**
             * Format: int64
             * @description How many reviews there are of it.
             */
            n_reviews: number;
            name: string;
            /** Format: uuid */
            restaurant_id: string;
            /**
             * Format: double
             * @description The mean of their stars; null without any.
             */
            stars_mean?: number | null;
        };
        /** @description A page of a voter's statement, newest first. */
        LedgerBody: {
            /**
             * Format: int64
             * @description What the voter has now.
             */
            balance: number;
            items: components["schemas"]["EntryBody"][];
            /** @description Asks for the next page; null on the last one. */
            next_cursor?: string | null;
        };
        /** @description What was asked. */
        LetterBallotBody: {
            direction: components["schemas"]["DirectionName"];
            /** Format: uuid */
            review_id: string;
        } | {
            /** Format: uuid */
            campaign_id: string;
            /**
             * Format: int32
             * @description The channel's place in the campaign, from 0.
             */
            channel_no: number;
            /**
             * Format: int32
             * @description The option's place in the campaign, from 0.
             */
            option_no: number;
            /**
             * Format: int32
             * @description Tickets it spends.
             */
            tickets: number;
        };
        /** @description A vote that was read from a dead letter. */
        LetterVoteBody: components["schemas"]["LetterBallotBody"] & {
            /**
             * Format: date-time
             * @description When it was admitted.
             */
            cast_at: string;
            /**
             * @description What the ledger has of it: `counted`, `rejected` or `voided`; null if it does not
             *     know the vote.
             */
            ledger?: string | null;
            /** Format: uuid */
            vote_id: string;
            voter: components["schemas"]["LetterVoterBody"];
        };
        /** @description Who cast it. */
        LetterVoterBody: {
            /** @description A member's account id, or the partner's name for the voter. */
            id: string;
            /** @description `member`, or the kind of a partner's voters. */
            kind: string;
        };
        /** @description What votes and reviews say, and the score that is ranked by. */
        Liking: {
            /**
             * Format: int64
             * @description The member's down votes that stand on others' reviews of it.
             */
            down_votes: number;
            /**
             * Format: int64
             * @description The member's own reviews of it.
             */
            n_reviews: number;
            /**
             * Format: int64
             * @description `up_votes` − `down_votes` + the sum of (stars − 3) over the member's own reviews.
             */
            score: number;
            /**
             * Format: int64
             * @description The member's up votes that stand on others' reviews of it.
             */
            up_votes: number;
        };
        /**
         * @description A name and a password.
         * @example {
         *       "password": "correct horse",
         *       "user_name": "ada"
         *     }
         */
        Login: {
            /** @description 8 to 72 bytes. */
            password: string;
            /** @description 3 to 32 characters: letters a to z, digits, `_`, `.` and `-`. */
            user_name: string;
        };
        /** @description Tickets granted together. */
        LotBody: {
            /** Format: date-time */
            expires_at: string;
            /** Format: date-time */
            granted_at: string;
            /** Format: uuid */
            lot_id: string;
            /**
             * Format: int32
             * @description How many are left.
             */
            remaining: number;
            /**
             * @description `free_daily` or `grant`.
             * @example free_daily
             */
            source: string;
            /**
             * Format: int32
             * @description How many there were.
             */
            tickets: number;
        };
        /**
         * @description One's own account.
         * @example {
         *       "credit": 0,
         *       "role": "member",
         *       "user_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11",
         *       "user_name": "ada",
         *       "votes": {
         *         "limit": 3,
         *         "remaining": 2,
         *         "resets_at": "2026-03-02T00:00:00Z",
         *         "used": 1
         *       }
         *     }
         */
        MeBody: components["schemas"]["UserBody"] & {
            votes: components["schemas"]["VotesOfDay"];
        };
        /**
         * @description A campaign to create.
         * @example {
         *       "channels": [
         *         {
         *           "key": "web",
         *           "name": "Web"
         *         }
         *       ],
         *       "ends_at": "2026-05-22T20:00:00Z",
         *       "free_daily_tickets": 3,
         *       "name": "Song of the year",
         *       "options": [
         *         {
         *           "key": "a",
         *           "name": "First song",
         *           "subject_id": "17",
         *           "subject_kind": "song"
         *         }
         *       ],
         *       "starts_at": "2026-05-01T18:00:00Z",
         *       "ticket_expiry": {
         *         "days": 7,
         *         "kind": "days"
         *       },
         *       "time_zone": "Europe/Berlin"
         *     }
         */
        NewCampaignBody: {
            /** @description 1 to 50. */
            channels: components["schemas"]["ChannelBody"][];
            /**
             * Format: date-time
             * @description When it is over: in the future, at most 366 days after the start.
             */
            ends_at: string;
            /**
             * Format: int64
             * @description Tickets that every voter gets on each local day, 0 to 1,000,000.
             */
            free_daily_tickets: number;
            /**
             * Format: int64
             * @description The most tickets in one vote, 1 to 1,000,000; 1,000,000 by default.
             */
            max_tickets_per_vote?: number | null;
            /** @description One line of 1 to 200 characters. */
            name: string;
            /** @description 1 to 5,000. */
            options: components["schemas"]["OptionBody"][];
            /**
             * Format: date-time
             * @description When it opens; at once if that is past.
             */
            starts_at: string;
            /** @description How long tickets last. */
            ticket_expiry: components["schemas"]["ExpiryBody"];
            /** @description An IANA time zone: where its days begin and end. */
            time_zone: string;
        };
        /**
         * @description An item to add.
         * @example {
         *       "description": "Eighteen hours of broth.",
         *       "name": "Ramen"
         *     }
         */
        NewItemBody: {
            /** @description At most 4,000 characters. */
            description: string;
            /** @description One line of 1 to 200 characters. */
            name: string;
        };
        /**
         * @description A key that was given.
         * @example {
         *       "created_at": "2026-03-01T12:00:00Z",
         *       "key_id": "2f1f6a0c-9b8e-4d0b-7c1e-0f9a1c529d11",
         *       "secret": "64 hexadecimal characters"
         *     }
         */
        NewKeyBody: {
            /** Format: date-time */
            created_at: string;
            /**
             * Format: uuid
             * @description What `X-Tally-Key` names.
             */
            key_id: string;
            /** @description What signatures are made with, as it stands here. It is shown this once. */
            secret: string;
        };
        /**
         * @description A partner to admit.
         * @example {
         *       "name": "National Broadcaster",
         *       "voter_kind": "jury"
         *     }
         */
        NewPartnerBody: {
            /** @description One line of 1 to 200 characters. */
            name: string;
            /** @description 1 to 32 of `a` to `z`, digits, `_` and `-`, a letter first; not `member`. */
            voter_kind: string;
        };
        /**
         * @description A restaurant to add.
         * @example {
         *       "address": "1 Main Street",
         *       "description": "Hand-pulled noodles.",
         *       "name": "Noodle Bar"
         *     }
         */
        NewRestaurantBody: {
            /** @description One line of at most 400 characters. */
            address: string;
            /** @description At most 4,000 characters. */
            description: string;
            /** @description One line of 1 to 200 characters. */
            name: string;
        };
        /**
         * @description A review to write.
         * @example {
         *       "content": "The broth alone is worth the queue.",
         *       "item_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52",
         *       "stars": 5
         *     }
         */
        NewReviewBody: {
            /** @description 1 to 10,000 characters. */
            content: string;
            /**
             * Format: uuid
             * @description An item of the restaurant.
             */
            item_id: string;
            /**
             * Format: int64
             * @description 1 to 5.
             */
            stars: number;
        };
        /** @description Something that can be voted for. */
        OptionBody: {
            /** @description As a channel's. */
            key: string;
            /** @description One line of 1 to 200 characters. */
            name: string;
            /** @description Which one, 1 to 128 characters. */
            subject_id?: string | null;
            /** @description What kind of thing it stands for, 1 to 64 characters; with `subject_id` only. */
            subject_kind?: string | null;
        };
        /** @description One page of a list. */
        Page_AuditBody: {
            /** @description The things, in the list's order. */
            items: {
                /** @description What was done, in one word, such as `role_given` or `partner_created`. */
                action: string;
                actor: components["schemas"]["ActorBody"];
                /** Format: date-time */
                at: string;
                /** Format: uuid */
                audit_id: string;
                /** @description The rest, as the action has it. */
                detail: Record<string, never>;
                /** @description To what: a kind and an id, such as `user:…`, `campaign:…` or `partner:…`. */
                subject: string;
            }[];
            /** @description Asks for the next page; null on the last one. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_CampaignSummaryBody: {
            /** @description The things, in the list's order. */
            items: {
                /** Format: uuid */
                campaign_id: string;
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                ends_at: string;
                /** Format: int32 */
                free_daily_tickets: number;
                /** Format: int32 */
                max_tickets_per_vote: number;
                /** Format: int32 */
                n_channels: number;
                /** Format: int32 */
                n_options: number;
                name: string;
                /** Format: date-time */
                starts_at: string;
                /** @description `scheduled`, `open`, `closing`, `drained` or `final`. */
                state: string;
                ticket_expiry: components["schemas"]["ExpiryBody"];
                time_zone: string;
                /** Format: date-time */
                updated_at: string;
                /**
                 * Format: int64
                 * @description One higher with each edit; what `If-Match` names.
                 */
                version: number;
            }[];
            /** @description Asks for the next page; null on the last one. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_DeadLetterBody: {
            /** @description The things, in the list's order. */
            items: {
                /**
                 * Format: int64
                 * @description How often it arrived.
                 */
                arrivals: number;
                /** @description The ballot box it came from; `votes.dead` where the broker did not say. */
                box: string;
                /**
                 * Format: date-time
                 * @description When it first arrived.
                 */
                created_at: string;
                /** Format: uuid */
                dead_letter_id: string;
                /** @description Why, in full. */
                detail: string;
                /** @description `vote`, or `message` for a whole message of the queue. */
                kind: string;
                /**
                 * @description Why, in one word: `malformed`, `unsupported_version`, `foreign`, `refused` or
                 *     `undeliverable`.
                 */
                reason: string;
                /**
                 * Format: date-time
                 * @description When an operator decided.
                 */
                resolved_at?: string | null;
                /** @description Its size. */
                size_bytes: number;
                /** @description `open`, `replayed` or `dropped`. */
                state: string;
            }[];
            /** @description Asks for the next page; null on the last one. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_HistoryBody: {
            /** @description The things, in the list's order. */
            items: {
                /**
                 * Format: date-time
                 * @description When it was admitted.
                 */
                cast_at: string;
                /**
                 * Format: int32
                 * @description How many of the day's votes it used; none if it was voided and they were returned.
                 */
                cost: number;
                /**
                 * @description `up`, `down`, or `none` for one that took a vote back.
                 * @example up
                 */
                direction: string;
                /** @description Why: the code of a rejection, or the words of whoever voided it. */
                reason?: string | null;
                /** Format: uuid */
                review_id: string;
                /**
                 * Format: date-time
                 * @description When it entered the ledger.
                 */
                settled_at: string;
                /**
                 * @description `counted`, `rejected` or `voided`.
                 * @example counted
                 */
                state: string;
                /**
                 * Format: uuid
                 * @description The vote that changed or took back this one.
                 */
                superseded_by?: string | null;
                /** Format: uuid */
                vote_id: string;
            }[];
            /** @description Asks for the next page; null on the last one. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_ItemBody: {
            /** @description The things, in the list's order. */
            items: {
                /** Format: date-time */
                created_at: string;
                description: string;
                /** Format: uuid */
                item_id: string;
                /**
                 * Format: int64
                 * @description How many reviews there are of it.
                 */
                n_reviews: number;
                name: string;
                /** Format: uuid */
                restaurant_id: string;
                /**
                 * Format: double
                 * @description The mean of their stars; null without any.
                 */
                stars_mean?: number | null;
            }[];
            /** @description Asks for the next page; null on the last one. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_PartnerBody: {
            /** @description The things, in the list's order. */
            items: {
                /** Format: date-time */
                created_at: string;
                /** @description Its keys, oldest first, the revoked ones too; never a secret. */
                keys: components["schemas"]["PartnerKeyBody"][];
                name: string;
                /** Format: uuid */
                partner_id: string;
                /** @description The kind of its voters, which no other partner has. */
                voter_kind: string;
            }[];
            /** @description Asks for the next page; null on the last one. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_RestaurantBody: {
            /** @description The things, in the list's order. */
            items: {
                address: string;
                /** Format: date-time */
                created_at: string;
                description: string;
                /**
                 * Format: int64
                 * @description How many reviews there are of its items.
                 */
                n_reviews: number;
                name: string;
                /** Format: uuid */
                restaurant_id: string;
                /**
                 * Format: double
                 * @description The mean of their stars; null without any.
                 */
                stars_mean?: number | null;
            }[];
            /** @description Asks for the next page; null on the last one. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_ReviewBody: {
            /** @description The things, in the list's order. */
            items: {
                author: components["schemas"]["AuthorBody"];
                content: string;
                /** Format: date-time */
                created_at: string;
                /**
                 * Format: int64
                 * @description Down votes that stand.
                 */
                down: number;
                /** Format: uuid */
                item_id: string;
                /**
                 * @description The direction of one's own vote that stands, votes in flight included: `up`,
                 *     `down`, or null; always null without a token.
                 */
                my_vote?: string | null;
                /** Format: uuid */
                restaurant_id: string;
                /** Format: uuid */
                review_id: string;
                /**
                 * Format: date-time
                 * @description When the author was rewarded for it; null until then.
                 */
                reward_sent_at?: string | null;
                /**
                 * Format: int32
                 * @description 1 to 5.
                 */
                stars: number;
                /**
                 * Format: int64
                 * @description Up votes that stand.
                 */
                up: number;
                /** Format: date-time */
                updated_at: string;
                /**
                 * Format: int64
                 * @description One higher with each change; for `If-Match`.
                 */
                version: number;
            }[];
            /** @description Asks for the next page; null on the last one. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_UserBody: {
            /** @description The things, in the list's order. */
            items: {
                /**
                 * Format: int64
                 * @description What the account's reviews earned.
                 */
                credit: number;
                /** @description `member`, `moderator`, `operator` or `admin`. */
                role: string;
                /** Format: uuid */
                user_id: string;
                user_name: string;
            }[];
            /** @description Asks for the next page; null on the last one. */
            next_cursor?: string | null;
        };
        /**
         * @description A partner.
         * @example {
         *       "created_at": "2026-03-01T12:00:00Z",
         *       "keys": [
         *         {
         *           "created_at": "2026-03-01T12:00:00Z",
         *           "key_id": "2f1f6a0c-9b8e-4d0b-7c1e-0f9a1c529d11",
         *           "revoked_at": null
         *         }
         *       ],
         *       "name": "National Broadcaster",
         *       "partner_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52",
         *       "voter_kind": "jury"
         *     }
         */
        PartnerBody: {
            /** Format: date-time */
            created_at: string;
            /** @description Its keys, oldest first, the revoked ones too; never a secret. */
            keys: components["schemas"]["PartnerKeyBody"][];
            name: string;
            /** Format: uuid */
            partner_id: string;
            /** @description The kind of its voters, which no other partner has. */
            voter_kind: string;
        };
        /** @description A key, without its secret. */
        PartnerKeyBody: {
            /** Format: date-time */
            created_at: string;
            /** Format: uuid */
            key_id: string;
            /**
             * Format: date-time
             * @description When it was revoked; null while it is good.
             */
            revoked_at?: string | null;
        };
        /**
         * @description What a member likes.
         * @example {
         *       "items": [
         *         {
         *           "down_votes": 1,
         *           "item_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52",
         *           "n_reviews": 1,
         *           "name": "Ramen",
         *           "restaurant_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52",
         *           "score": 3,
         *           "up_votes": 2
         *         }
         *       ],
         *       "restaurants": [
         *         {
         *           "down_votes": 1,
         *           "n_reviews": 1,
         *           "name": "Noodle Bar",
         *           "restaurant_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52",
         *           "score": 3,
         *           "up_votes": 2
         *         }
         *       ]
         *     }
         */
        PreferencesBody: {
            /** @description Up to 20, the highest score first. */
            items: components["schemas"]["PreferredItem"][];
            /** @description Up to 20, the highest score first. */
            restaurants: components["schemas"]["PreferredRestaurant"][];
        };
        /** @description An item as a member ranks it. */
        PreferredItem: components["schemas"]["Liking"] & {
            /** Format: uuid */
            item_id: string;
            name: string;
            /** Format: uuid */
            restaurant_id: string;
        };
        /** @description A restaurant as a member ranks it. */
        PreferredRestaurant: components["schemas"]["Liking"] & {
            name: string;
            /** Format: uuid */
            restaurant_id: string;
        };
        /** @description The members that every problem has, for the API's description. */
        ProblemDetails: {
            /** @description What kind of problem it is, for machines; it never changes. */
            code: string;
            /** @description What is wrong with this request, for people. */
            detail: string;
            /**
             * Format: int32
             * @description The status.
             */
            status: number;
            /** @description The status in words. */
            title: string;
            /** @description A URI that names the kind of problem. */
            type: string;
        };
        /** @description The day's votes of a member. */
        QuotaBody: {
            /**
             * Format: int32
             * @description Votes per day.
             */
            limit: number;
            /**
             * Format: int32
             * @description Left today.
             */
            remaining: number;
            /**
             * Format: date-time
             * @description When the next day begins.
             */
            resets_at: string;
            /**
             * Format: int32
             * @description Used today, votes in flight included.
             */
            used: number;
        };
        /**
         * @description A refresh token.
         * @example {
         *       "refresh_token": "5f0c6a…"
         *     }
         */
        RefreshTokenBody: {
            refresh_token: string;
        };
        /**
         * @description A restaurant.
         * @example {
         *       "address": "1 Main Street",
         *       "created_at": "2026-03-01T12:00:00Z",
         *       "description": "Hand-pulled noodles.",
         *       "n_reviews": 12,
         *       "name": "Noodle Bar",
         *       "restaurant_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52",
         *       "stars_mean": 4.25
         *     }
         */
        RestaurantBody: {
            address: string;
            /** Format: date-time */
            created_at: string;
            description: string;
            /**
             * Format: int64
             * @description How many reviews there are of its items.
             */
            n_reviews: number;
            name: string;
            /** Format: uuid */
            restaurant_id: string;
            /**
             * Format: double
             * @description The mean of their stars; null without any.
             */
            stars_mean?: number | null;
        };
        /**
         * @description A result that will not change any more.
         * @example {
         *       "campaign_id": "8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22",
         *       "digest": "8d0f2f…",
         *       "ends_at": "2026-05-22T20:00:00Z",
         *       "frozen_at": "2026-05-22T20:00:11Z",
         *       "n_votes": 1017,
         *       "options": [
         *         {
         *           "channels": {
         *             "web": 1204
         *           },
         *           "name": "First song",
         *           "option": "a",
         *           "rank": 1,
         *           "votes": 1204
         *         }
         *       ],
         *       "starts_at": "2026-05-01T18:00:00Z",
         *       "state": "final"
         *     }
         */
        ResultBody: {
            /** Format: uuid */
            campaign_id: string;
            /** @description SHA-256 of the canonical text, in lower-case hexadecimal. */
            digest: string;
            /** Format: date-time */
            ends_at: string;
            /** Format: date-time */
            frozen_at: string;
            /**
             * Format: int64
             * @description Votes that counted, however many tickets each spent.
             */
            n_votes: number;
            /** @description Most tickets first; equal ones share a rank. */
            options: components["schemas"]["ResultRowBody"][];
            /** Format: date-time */
            starts_at: string;
            /** @description Always `final`. */
            state: string;
        };
        /** @description An option's place. */
        ResultRowBody: {
            /** @description The same by channel. */
            channels: {
                [key: string]: number;
            };
            name: string;
            option: string;
            /** Format: int64 */
            rank: number;
            /**
             * Format: int64
             * @description Tickets spent on it.
             */
            votes: number;
        };
        /**
         * @description A review. In the cache it lies without what changes with every vote.
         * @example {
         *       "author": {
         *         "user_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11",
         *         "user_name": "ada"
         *       },
         *       "content": "The broth alone is worth the queue.",
         *       "created_at": "2026-03-01T12:00:00Z",
         *       "down": 1,
         *       "item_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52",
         *       "my_vote": "up",
         *       "restaurant_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52",
         *       "review_id": "3b1f9a60-43a5-4f0d-8a53-5f2f0a9c2d22",
         *       "reward_sent_at": "2026-03-02T09:30:00Z",
         *       "stars": 5,
         *       "up": 12,
         *       "updated_at": "2026-03-01T12:00:00Z",
         *       "version": 1
         *     }
         */
        ReviewBody: {
            author: components["schemas"]["AuthorBody"];
            content: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: int64
             * @description Down votes that stand.
             */
            down: number;
            /** Format: uuid */
            item_id: string;
            /**
             * @description The direction of one's own vote that stands, votes in flight included: `up`,
             *     `down`, or null; always null without a token.
             */
            my_vote?: string | null;
            /** Format: uuid */
            restaurant_id: string;
            /** Format: uuid */
            review_id: string;
            /**
             * Format: date-time
             * @description When the author was rewarded for it; null until then.
             */
            reward_sent_at?: string | null;
            /**
             * Format: int32
             * @description 1 to 5.
             */
            stars: number;
            /**
             * Format: int64
             * @description Up votes that stand.
             */
            up: number;
            /** Format: date-time */
            updated_at: string;
            /**
             * Format: int64
             * @description One higher with each change; for `If-Match`.
             */
            version: number;
        };
        /**
         * @description What to change about a review; what is left out stays.
         * @example {
         *       "content": "Still good, less of it.",
         *       "stars": 4
         *     }
         */
        ReviewChangeBody: {
            /** @description 1 to 10,000 characters. */
            content?: string | null;
            /**
             * Format: int64
             * @description 1 to 5.
             */
            stars?: number | null;
        };
        /**
         * @description A role to give.
         * @example {
         *       "role": "moderator"
         *     }
         */
        RoleBody: {
            /** @description `member`, `moderator`, `operator` or `admin`. */
            role: string;
        };
        /**
         * @description A pair of tokens.
         * @example {
         *       "access_token": "eyJhbGciOiJIUzI1NiIs…",
         *       "expires_in": 900,
         *       "refresh_token": "5f0c6a…",
         *       "token_type": "Bearer"
         *     }
         */
        TokensBody: {
            /** @description For the `Authorization` header. */
            access_token: string;
            /**
             * Format: int64
             * @description How long the access token is good for, in seconds.
             */
            expires_in: number;
            /** @description Good for one more pair, once. */
            refresh_token: string;
            /** @description Always `Bearer`. */
            token_type: string;
        };
        /**
         * @description An account.
         * @example {
         *       "credit": 0,
         *       "role": "member",
         *       "user_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11",
         *       "user_name": "ada"
         *     }
         */
        UserBody: {
            /**
             * Format: int64
             * @description What the account's reviews earned.
             */
            credit: number;
            /** @description `member`, `moderator`, `operator` or `admin`. */
            role: string;
            /** Format: uuid */
            user_id: string;
            user_name: string;
        };
        /** @description A void that holds. */
        VoidedBody: {
            /** Format: uuid */
            void_id: string;
            /**
             * Format: int64
             * @description Counted votes taken out of the count now.
             */
            voided: number;
            /** @description Whether the vote is not in the ledger yet; it is voided when it arrives. */
            waiting: boolean;
        };
        /**
         * @description Votes to void: one vote, or all that a voter has cast so far.
         * @example {
         *       "reason": "Voted by a machine.",
         *       "vote_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52"
         *     }
         */
        VoidRequest: {
            /**
             * @description Whether what the votes cost, tickets or votes of the day, is lost to the voter; else
             *     it is returned.
             */
            forfeit?: boolean;
            /** @description Why, up to 500 characters. */
            reason: string;
            /**
             * Format: uuid
             * @description One vote; it may still be queued.
             */
            vote_id?: string | null;
            voter?: components["schemas"]["VoterBody"] | null;
        };
        /** @description What became of a vote. */
        VoteBody: {
            /**
             * Format: date-time
             * @description When it was admitted.
             */
            cast_at: string;
            direction: components["schemas"]["DirectionName"];
            /** @description Why: the code of a rejection, or the words of whoever voided it. */
            reason?: string | null;
            /** Format: uuid */
            review_id: string;
            /**
             * Format: date-time
             * @description When it entered the ledger.
             */
            settled_at?: string | null;
            /**
             * @description `accepted`, `counted`, `rejected` or `voided`.
             * @example counted
             */
            state: string;
            /**
             * Format: uuid
             * @description The vote that changed or took back this one.
             */
            superseded_by?: string | null;
            /** Format: uuid */
            vote_id: string;
        };
        /** @description A voter by their own name. */
        VoterBody: {
            id: string;
            /** @description `member`, or the kind of a partner's voters. */
            kind: string;
        };
        /**
         * @description A ballot on a review.
         * @example {
         *       "direction": "up",
         *       "review_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52"
         *     }
         */
        VoteRequest: {
            direction: components["schemas"]["DirectionName"];
            /** Format: uuid */
            review_id: string;
        };
        /** @description Votes of one's own. */
        VotesBody: {
            items: components["schemas"]["AnyVoteBody"][];
        };
        /**
         * QuotaBody
         * @description The day's votes of a member.
         */
        VotesOfDay: {
            /**
             * Format: int32
             * @description Votes per day.
             */
            limit: number;
            /**
             * Format: int32
             * @description Left today.
             */
            remaining: number;
            /**
             * Format: date-time
             * @description When the next day begins.
             */
            resets_at: string;
            /**
             * Format: int32
             * @description Used today, votes in flight included.
             */
            used: number;
        };
        /** @description What a voter holds. */
        WalletBody: {
            /**
             * Format: int64
             * @description Tickets that can be spent, votes in flight subtracted.
             */
            balance: number;
            /** @description Where they are, in the order they are spent. */
            lots: components["schemas"]["LotBody"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
