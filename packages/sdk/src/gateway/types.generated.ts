// Generated from contracts/gateway.yaml by scripts/generate-types.ts. Not to be edited.

export interface paths {
    "/1.0/applications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The applications that can be streamed */
        get: operations["handle-get-applications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every configuration item; their names are not published */
        get: operations["handle-get-config-items"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Set one configuration item */
        patch: operations["handle-update-config-item"];
        trace?: never;
    };
    "/1.0/regions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The regions that have agents */
        get: operations["handle-get-regions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/session/{id}/sockets/adb": {
        parameters: {
            query: {
                token: components["parameters"]["SocketToken"];
            };
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** The bytes of an ADB connection, in binary messages */
        get: operations["handle-adb-connect-session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/session/{id}/sockets/master": {
        parameters: {
            query: {
                token: components["parameters"]["SocketToken"];
            };
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** Signalling of the instance */
        get: operations["handle-master-connect-session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/session/{id}/sockets/slave": {
        parameters: {
            query: {
                token: components["parameters"]["SocketToken"];
            };
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** Signalling of a viewer; each text message is a Signal */
        get: operations["handle-slave-connect-session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sessions, by their ids or whole */
        get: operations["handle-get-sessions"];
        put?: never;
        /** Start an application, or find a running one, and prepare to view it */
        post: operations["handle-new-session"];
        /** End several sessions */
        delete: operations["handle-delete-sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** One session */
        get: operations["handle-get-session"];
        put?: never;
        post?: never;
        /** End a session */
        delete: operations["handle-delete-session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/sessions/{id}/connect": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** What the URL of a share leads to */
        get: operations["handle-connect-session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/sessions/{id}/join": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** View a session that runs; who viewed it before is disconnected */
        post: operations["handle-join-session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/sessions/{id}/share": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a URL by which somebody without an account reaches a session */
        post: operations["handle-share-session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/shares": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shares, by their ids or whole but for their URLs */
        get: operations["handle-get-shares"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/shares/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** One share, with its URL */
        get: operations["handle-get-share"];
        put?: never;
        post?: never;
        /** Take a share back, and cut who came by it */
        delete: operations["handle-delete-share"];
        options?: never;
        head?: never;
        /** Change a share's description or its end */
        patch: operations["handle-update-share"];
        trace?: never;
    };
    "/1.0/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the gateway works; with a token also how many agents and database nodes it has */
        get: operations["handle-get-status"];
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
        Application: {
            name: string;
        };
        Config: {
            [key: string]: string;
        };
        ConfigPatch: {
            name: string;
            value: string;
        };
        ErrorReply: {
            error?: string;
            /** @enum {string} */
            status?: "success" | "failed" | "unknown";
            status_code?: number;
            /** @enum {string} */
            type: "error";
        };
        Joined: {
            stun_servers?: components["schemas"]["StunServer"][] | null;
            url: string;
        };
        Region: {
            name: string;
        };
        Reply: {
            error?: string;
            /** @enum {string} */
            status: "success" | "failed" | "unknown";
            status_code: number;
            /** @enum {string} */
            type: "sync" | "async" | "error";
        };
        Screen: {
            density?: number;
            fps?: number;
            height?: number;
            width?: number;
        };
        Session: {
            app: string;
            cluster_id?: string;
            container_id?: string;
            id: string;
            joinable: boolean;
            region: string;
            status: components["schemas"]["SessionStatus"];
            status_message?: string;
        };
        SessionCreated: {
            id: string;
            joinable?: boolean;
            region?: string;
            status?: components["schemas"]["SessionStatus"];
            stun_servers?: components["schemas"]["StunServer"][] | null;
            url: string;
        };
        SessionJoinPost: {
            disconnect_clients?: boolean;
            screen?: components["schemas"]["Screen"];
        };
        SessionPost: {
            app: string;
            app_version?: number;
            ephemeral?: boolean;
            extra_data?: unknown;
            idle_time_min?: number;
            joinable?: boolean;
            region?: string;
            screen?: components["schemas"]["Screen"];
        };
        SessionsDelete: {
            ids: string[];
        };
        SessionsDeleted: {
            deleted_sessions?: string[] | null;
            errors?: {
                error_message?: string;
                session_id?: string;
                status_code?: number;
            }[] | null;
        };
        /** @enum {string} */
        SessionStatus: "created" | "active" | "error" | "terminating" | "terminated";
        Share: components["schemas"]["ShareBase"] & {
            url: string;
        };
        ShareBase: {
            created_at?: number;
            description?: string;
            expiry_at?: number;
            id: string;
            session_id: string;
            type: string;
        };
        ShareCreated: {
            expiry_at?: number;
            expiry_min?: number;
            id: string;
            type?: string;
            url: string;
        };
        SharePatch: {
            description?: string;
            expiry_at?: number;
        };
        SharePost: {
            description?: string;
            expiry_at?: number;
            /** @deprecated */
            expiry_min?: number;
            type: components["schemas"]["ShareType"];
        };
        /** @enum {string} */
        ShareType: "adb";
        Status: {
            agents?: number;
            database_nodes?: number;
            /** @enum {string} */
            status: "healthy" | "unhealthy";
        };
        StunServer: {
            password?: string;
            urls?: string[] | null;
            username?: string;
        };
    };
    responses: {
        /** @description Applications */
        Applications: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata?: components["schemas"]["Application"][] | null;
                };
            };
        };
        /** @description Configuration */
        Config: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata?: components["schemas"]["Config"];
                };
            };
        };
        /** @description It is done, or has begun */
        Done: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"];
            };
        };
        /** @description What went wrong */
        Error: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorReply"];
            };
        };
        /** @description The way to a session */
        Joined: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata: components["schemas"]["Joined"];
                };
            };
        };
        /** @description Regions */
        Regions: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata?: components["schemas"]["Region"][] | null;
                };
            };
        };
        /** @description A session */
        Session: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata: components["schemas"]["Session"];
                };
            };
        };
        /** @description A new session */
        SessionCreated: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata: components["schemas"]["SessionCreated"];
                };
            };
        };
        /** @description Sessions */
        Sessions: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata?: (string | components["schemas"]["Session"])[] | null;
                    total_size?: number;
                };
            };
        };
        /** @description What became of each */
        SessionsDeleted: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata: components["schemas"]["SessionsDeleted"];
                };
            };
        };
        /** @description A share */
        Share: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata: components["schemas"]["Share"];
                };
            };
        };
        /** @description A new share */
        ShareCreated: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata: components["schemas"]["ShareCreated"];
                };
            };
        };
        /** @description Shares */
        Shares: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata?: (string | components["schemas"]["ShareBase"])[] | null;
                    total_size?: number;
                };
            };
        };
        /** @description A websocket */
        Socket: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The state of the gateway */
        Status: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Reply"] & {
                    metadata: components["schemas"]["Status"];
                };
            };
        };
    };
    parameters: {
        Force: boolean;
        Id: string;
        Limit: number;
        Offset: number;
        Recursion: boolean;
        SocketToken: string;
        Sync: boolean;
    };
    requestBodies: {
        ConfigPatch: {
            content: {
                "application/json": components["schemas"]["ConfigPatch"];
            };
        };
        SessionJoinPost: {
            content: {
                "application/json": components["schemas"]["SessionJoinPost"];
            };
        };
        SessionPost: {
            content: {
                "application/json": components["schemas"]["SessionPost"];
            };
        };
        SessionsDelete: {
            content: {
                "application/json": components["schemas"]["SessionsDelete"];
            };
        };
        SharePatch: {
            content: {
                "application/json": components["schemas"]["SharePatch"];
            };
        };
        SharePost: {
            content: {
                "application/json": components["schemas"]["SharePost"];
            };
        };
    };
    headers: never;
    pathItems: never;
}
export type Application = components['schemas']['Application'];
export type Config = components['schemas']['Config'];
export type ConfigPatch = components['schemas']['ConfigPatch'];
export type ErrorReply = components['schemas']['ErrorReply'];
export type Joined = components['schemas']['Joined'];
export type Region = components['schemas']['Region'];
export type Reply = components['schemas']['Reply'];
export type Screen = components['schemas']['Screen'];
export type Session = components['schemas']['Session'];
export type SessionCreated = components['schemas']['SessionCreated'];
export type SessionJoinPost = components['schemas']['SessionJoinPost'];
export type SessionPost = components['schemas']['SessionPost'];
export type SessionsDelete = components['schemas']['SessionsDelete'];
export type SessionsDeleted = components['schemas']['SessionsDeleted'];
export type SessionStatus = components['schemas']['SessionStatus'];
export type Share = components['schemas']['Share'];
export type ShareBase = components['schemas']['ShareBase'];
export type ShareCreated = components['schemas']['ShareCreated'];
export type SharePatch = components['schemas']['SharePatch'];
export type SharePost = components['schemas']['SharePost'];
export type ShareType = components['schemas']['ShareType'];
export type Status = components['schemas']['Status'];
export type StunServer = components['schemas']['StunServer'];
export type ResponseApplications = components['responses']['Applications'];
export type ResponseConfig = components['responses']['Config'];
export type ResponseDone = components['responses']['Done'];
export type ResponseError = components['responses']['Error'];
export type ResponseJoined = components['responses']['Joined'];
export type ResponseRegions = components['responses']['Regions'];
export type ResponseSession = components['responses']['Session'];
export type ResponseSessionCreated = components['responses']['SessionCreated'];
export type ResponseSessions = components['responses']['Sessions'];
export type ResponseSessionsDeleted = components['responses']['SessionsDeleted'];
export type ResponseShare = components['responses']['Share'];
export type ResponseShareCreated = components['responses']['ShareCreated'];
export type ResponseShares = components['responses']['Shares'];
export type ResponseSocket = components['responses']['Socket'];
export type ResponseStatus = components['responses']['Status'];
export type ParameterForce = components['parameters']['Force'];
export type ParameterId = components['parameters']['Id'];
export type ParameterLimit = components['parameters']['Limit'];
export type ParameterOffset = components['parameters']['Offset'];
export type ParameterRecursion = components['parameters']['Recursion'];
export type ParameterSocketToken = components['parameters']['SocketToken'];
export type ParameterSync = components['parameters']['Sync'];
export type RequestBodyConfigPatch = components['requestBodies']['ConfigPatch'];
export type RequestBodySessionJoinPost = components['requestBodies']['SessionJoinPost'];
export type RequestBodySessionPost = components['requestBodies']['SessionPost'];
export type RequestBodySessionsDelete = components['requestBodies']['SessionsDelete'];
export type RequestBodySharePatch = components['requestBodies']['SharePatch'];
export type RequestBodySharePost = components['requestBodies']['SharePost'];
export type $defs = Record<string, never>;
export interface operations {
    "handle-get-applications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Applications"];
            default: components["responses"]["Error"];
        };
    };
    "handle-get-config-items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Config"];
            default: components["responses"]["Error"];
        };
    };
    "handle-update-config-item": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["ConfigPatch"];
        responses: {
            200: components["responses"]["Done"];
            default: components["responses"]["Error"];
        };
    };
    "handle-get-regions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Regions"];
            default: components["responses"]["Error"];
        };
    };
    "handle-adb-connect-session": {
        parameters: {
            query: {
                token: components["parameters"]["SocketToken"];
            };
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            101: components["responses"]["Socket"];
            default: components["responses"]["Error"];
        };
    };
    "handle-master-connect-session": {
        parameters: {
            query: {
                token: components["parameters"]["SocketToken"];
            };
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            101: components["responses"]["Socket"];
            default: components["responses"]["Error"];
        };
    };
    "handle-slave-connect-session": {
        parameters: {
            query: {
                token: components["parameters"]["SocketToken"];
            };
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            101: components["responses"]["Socket"];
            default: components["responses"]["Error"];
        };
    };
    "handle-get-sessions": {
        parameters: {
            query?: {
                limit?: components["parameters"]["Limit"];
                offset?: components["parameters"]["Offset"];
                recursion?: components["parameters"]["Recursion"];
                sort_by?: string;
                sort_order?: "asc" | "desc";
                status?: components["schemas"]["SessionStatus"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Sessions"];
            default: components["responses"]["Error"];
        };
    };
    "handle-new-session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["SessionPost"];
        responses: {
            201: components["responses"]["SessionCreated"];
            default: components["responses"]["Error"];
        };
    };
    "handle-delete-sessions": {
        parameters: {
            query?: {
                force?: components["parameters"]["Force"];
                sync?: components["parameters"]["Sync"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["SessionsDelete"];
        responses: {
            200: components["responses"]["SessionsDeleted"];
            202: components["responses"]["Done"];
            207: components["responses"]["SessionsDeleted"];
            default: components["responses"]["Error"];
        };
    };
    "handle-get-session": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Session"];
            default: components["responses"]["Error"];
        };
    };
    "handle-delete-session": {
        parameters: {
            query?: {
                force?: components["parameters"]["Force"];
                sync?: components["parameters"]["Sync"];
            };
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Done"];
            202: components["responses"]["Done"];
            default: components["responses"]["Error"];
        };
    };
    "handle-connect-session": {
        parameters: {
            query: {
                token: string;
                type?: components["schemas"]["ShareType"];
            };
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Joined"];
            default: components["responses"]["Error"];
        };
    };
    "handle-join-session": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["SessionJoinPost"];
        responses: {
            200: components["responses"]["Joined"];
            default: components["responses"]["Error"];
        };
    };
    "handle-share-session": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["SharePost"];
        responses: {
            200: components["responses"]["ShareCreated"];
            default: components["responses"]["Error"];
        };
    };
    "handle-get-shares": {
        parameters: {
            query?: {
                limit?: components["parameters"]["Limit"];
                offset?: components["parameters"]["Offset"];
                recursion?: components["parameters"]["Recursion"];
                session_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Shares"];
            default: components["responses"]["Error"];
        };
    };
    "handle-get-share": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Share"];
            default: components["responses"]["Error"];
        };
    };
    "handle-delete-share": {
        parameters: {
            query?: {
                sync?: components["parameters"]["Sync"];
            };
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Done"];
            202: components["responses"]["Done"];
            default: components["responses"]["Error"];
        };
    };
    "handle-update-share": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["SharePatch"];
        responses: {
            200: components["responses"]["Share"];
            default: components["responses"]["Error"];
        };
    };
    "handle-get-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Status"];
            default: components["responses"]["Error"];
        };
    };
}
