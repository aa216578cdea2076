// Generated from contracts/ams.yaml by scripts/generate-types.ts. Not to be edited.

export interface paths {
    "/1.0": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the server is and can do, and whether it trusts the caller */
        get: operations["service_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/addons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Addons */
        get: operations["addons_get"];
        put?: never;
        /** Make an addon from its package; `X-AMS-Request` holds an AddonsPost */
        post: operations["addons_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/addons/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        /** One addon */
        get: operations["addon_get"];
        put?: never;
        post?: never;
        /** Delete an addon with all its versions */
        delete: operations["addon_delete"];
        options?: never;
        head?: never;
        /** A new version from a package */
        patch: operations["addon_patch"];
        trace?: never;
    };
    "/1.0/addons/{name}/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["parameters"]["Name"];
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete one version */
        delete: operations["addon_version_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/applications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Applications */
        get: operations["applications_get"];
        put?: never;
        /** Make an application from its package */
        post: operations["application_post"];
        /** Delete several applications */
        delete: operations["applications_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/applications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        /** One application */
        get: operations["application_get"];
        put?: never;
        post?: never;
        /** Delete an application with all its versions */
        delete: operations["application_delete"];
        options?: never;
        head?: never;
        /** A new version from a package, changed fields, or with no body a rebuild */
        patch: operations["application_patch_upload"];
        trace?: never;
    };
    "/1.0/applications/{id}/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        /** A version's image, for taking elsewhere */
        get: operations["application_version_get"];
        put?: never;
        post?: never;
        /** Delete one version */
        delete: operations["application_version_delete"];
        options?: never;
        head?: never;
        /** Publish a version, or take it back */
        patch: operations["application_version_patch"];
        trace?: never;
    };
    "/1.0/applications/{id}/{version}/manifest": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        /** One version's manifest */
        get: operations["application_version_manifest_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/applications/{id}/manifest": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        /** The latest version's manifest */
        get: operations["application_manifest_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/auth/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Groups */
        get: operations["groups_get"];
        put?: never;
        /** Make a group */
        post: operations["auth_groups_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/auth/groups/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        /** One group */
        get: operations["auth_group_get"];
        /** Set a group's description or its permissions */
        put: operations["group_put"];
        post?: never;
        /** Delete a group */
        delete: operations["groups_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/auth/identities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Identities */
        get: operations["identities_get"];
        put?: never;
        /** Make an identity */
        post: operations["identity_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/auth/identities/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        /** One identity */
        get: operations["identity_get"];
        /** Set the groups of an identity */
        put: operations["identities_put"];
        post?: never;
        /** Delete an identity */
        delete: operations["identities_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/auth/oidc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where to get a token */
        get: operations["oidc_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/auth/permissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the caller may do */
        get: operations["auth_permissions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/certificates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Trusted certificates */
        get: operations["certificates_get"];
        put?: never;
        /** Trust a certificate */
        post: operations["certificates_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/certificates/{fingerprint}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fingerprint: string;
            };
            cookie?: never;
        };
        /** One trusted certificate */
        get: operations["certificate_get"];
        put?: never;
        post?: never;
        /** Trust a certificate no longer */
        delete: operations["certificate_delete"];
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
        /** Every configuration item */
        get: operations["config_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Set one configuration item */
        patch: operations["config_patch"];
        trace?: never;
    };
    "/1.0/containers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Containers
         * @deprecated
         */
        get: operations["containers_get"];
        put?: never;
        /**
         * Make a container and start it
         * @deprecated
         */
        post: operations["containers_post"];
        /**
         * Delete several containers
         * @deprecated
         */
        delete: operations["containers_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/containers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        /**
         * One container
         * @deprecated
         */
        get: operations["container_get"];
        put?: never;
        post?: never;
        /**
         * Delete a container and its data
         * @deprecated
         */
        delete: operations["container_delete"];
        options?: never;
        head?: never;
        /**
         * Start or stop a container
         * @deprecated
         */
        patch: operations["container_patch"];
        trace?: never;
    };
    "/1.0/containers/{id}/exec": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a command, as for an instance
         * @deprecated
         */
        post: operations["container_exec_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/containers/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        /**
         * Log files kept of a failed container
         * @deprecated
         */
        get: operations["container_logs_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/containers/{id}/logs/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        /**
         * One log file
         * @deprecated
         */
        get: operations["container_logs_specific_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A websocket on which each text message is an Event */
        get: operations["events_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/events/auth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A short-lived token that opens the event socket */
        post: operations["events_auth"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Images */
        get: operations["images_get"];
        put?: never;
        /** An image from the image server, from an instance, or from a package */
        post: operations["image_post_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/images/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        /** One image */
        get: operations["image_get"];
        put?: never;
        post?: never;
        /** Delete an image with all its versions */
        delete: operations["image_delete"];
        options?: never;
        head?: never;
        /** A new version from a package, or make it the default, or fetch it now */
        patch: operations["image_patch_upload"];
        trace?: never;
    };
    "/1.0/images/{id}/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete one version */
        delete: operations["image_version_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Instances */
        get: operations["instances_get"];
        put?: never;
        /** Make an instance and, unless told not to, start it */
        post: operations["instances_post"];
        /** Delete several instances, up to the first that cannot be deleted */
        delete: operations["instances_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/instances/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        /** One instance */
        get: operations["instance_get"];
        put?: never;
        post?: never;
        /** Delete an instance and its data */
        delete: operations["instance_delete"];
        options?: never;
        head?: never;
        /** Start or stop an instance, or protect it from deletion */
        patch: operations["instance_patch"];
        trace?: never;
    };
    "/1.0/instances/{id}/exec": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run a command; the operation's `metadata.fds` has a secret for each of its sockets */
        post: operations["instance_exec_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/instances/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        /** Log files kept of a failed instance */
        get: operations["instance_logs_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/instances/{id}/logs/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        /** One log file */
        get: operations["instance_logs_specific_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/instances/{id}/shares": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Share an instance with somebody */
        post: operations["instances_shares_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/instances/{id}/shares/{shareId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                shareId: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a share */
        delete: operations["instance_share_delete"];
        options?: never;
        head?: never;
        /** Change a share's description or end */
        patch: operations["instance_share_patch"];
        trace?: never;
    };
    "/1.0/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics in Prometheus' text format */
        get: operations["metrics_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The machines that host instances */
        get: operations["nodes_get"];
        put?: never;
        /** Add a machine */
        post: operations["node_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/nodes/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        /** One machine */
        get: operations["node_get"];
        put?: never;
        post?: never;
        /** Remove a machine */
        delete: operations["node_delete"];
        options?: never;
        head?: never;
        /** Change what a machine offers */
        patch: operations["node_patch"];
        trace?: never;
    };
    "/1.0/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Operations that run, and those that ended a short while ago */
        get: operations["operations_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/operations/{uuid}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                uuid: components["parameters"]["Uuid"];
            };
            cookie?: never;
        };
        /** One operation */
        get: operations["operation_get"];
        put?: never;
        post?: never;
        /** Ask an operation to stop, where it can be stopped */
        delete: operations["operation_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/operations/{uuid}/wait": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                uuid: components["parameters"]["Uuid"];
            };
            cookie?: never;
        };
        /** One operation, once it ended or the time is up */
        get: operations["operation_wait_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/operations/{uuid}/websocket": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                uuid: components["parameters"]["Uuid"];
            };
            cookie?: never;
        };
        /** One stream of an operation of class websocket */
        get: operations["operation_websocket_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/registry/applications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Applications in the registry, always as objects */
        get: operations["registry_applications_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/registry/applications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove what the registry holds under this id */
        delete: operations["registry_applications_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/registry/applications/{id}/pull": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Fetch what the registry holds under this id */
        post: operations["registry_applications_pull"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/registry/applications/{id}/push": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send this application to the registry */
        post: operations["registry_applications_push"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The server's work queue */
        get: operations["tasks_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/1.0/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The server's version */
        get: operations["version_get"];
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
        Addon: {
            entitlements?: components["schemas"]["EntitlementNames"];
            name: string;
            used_by?: string[];
            versions?: components["schemas"]["AddonVersion"][];
        };
        AddonsPost: {
            name: string;
        };
        AddonVersion: {
            created_at: components["schemas"]["UnixTime"];
            fingerprint: string;
            size: number;
            version: number;
        };
        Application: {
            abi?: string;
            addons?: string[];
            boot_package?: string;
            created_at: components["schemas"]["UnixTime"];
            entitlements?: components["schemas"]["EntitlementNames"];
            id: string;
            immutable: boolean;
            inhibit_auto_updates?: boolean;
            instance_type?: string;
            name: string;
            node_selector?: string[];
            parent_image_id?: string;
            parent_image_variant?: string;
            published: boolean;
            resources?: components["schemas"]["ApplicationResources"];
            status: components["schemas"]["ApplicationStatus"];
            status_code: components["schemas"]["ApplicationStatusCode"];
            tags?: components["schemas"]["Tags"];
            versions?: components["schemas"]["ApplicationVersion"][];
            vm?: boolean;
        };
        ApplicationAddon: {
            name: string;
            version: number;
        };
        ApplicationBootstrap: {
            keep?: string[] | null;
        } | null;
        ApplicationDelete: components["schemas"]["Delete"];
        ApplicationExtraData: {
            owner?: string;
            permissions?: string;
            target?: string;
        };
        ApplicationHooks: {
            timeout?: string | null;
        } | null;
        ApplicationPatch: {
            addons?: string[] | null;
            boot_activity?: string | null;
            bootstrap?: components["schemas"]["ApplicationBootstrap"];
            features?: string[] | null;
            hooks?: components["schemas"]["ApplicationHooks"];
            image?: string | null;
            inhibit_auto_updates?: boolean | null;
            "instance-type"?: string | null;
            manifest_version?: string | null;
            node_selector?: string[] | null;
            required_permissions?: string[] | null;
            resources?: components["schemas"]["ApplicationResourcesPost"];
            services?: components["schemas"]["NetworkServiceSpec"][] | null;
            tags?: string[] | null;
            /** @enum {string|null} */
            video_encoder?: "" | "gpu" | "gpu-preferred" | "software" | "vpu" | "unknown" | null;
            watchdog?: components["schemas"]["ApplicationWatchdog"];
        } | null;
        ApplicationResources: {
            cpus?: number;
            "disk-size"?: components["schemas"]["Size"];
            "gpu-slots"?: number;
            "gpu-type"?: string;
            memory?: components["schemas"]["Size"];
            no_disk_reserve?: boolean;
            "vpu-slots"?: number;
        };
        ApplicationResourcesPost: {
            cpus?: number | null;
            "disk-size"?: components["schemas"]["SizePost"];
            "gpu-slots"?: number | null;
            "gpu-type"?: string | null;
            memory?: components["schemas"]["SizePost"];
            no_disk_reserve?: boolean | null;
            "vpu-slots"?: number | null;
        } | null;
        ApplicationsDelete: components["schemas"]["BulkDelete"];
        /** @enum {string} */
        ApplicationStatus: "error" | "unknown" | "initializing" | "ready" | "deleted";
        /** @enum {integer} */
        ApplicationStatusCode: -1 | 0 | 1 | 2 | 3;
        ApplicationVersion: {
            addons?: components["schemas"]["ApplicationAddon"][];
            boot_activity?: string;
            bootstrap?: components["schemas"]["ApplicationBootstrap"];
            created_at: components["schemas"]["UnixTime"];
            error_message?: string;
            extra_data?: {
                [key: string]: components["schemas"]["ApplicationExtraData"];
            };
            features?: string[];
            hooks?: components["schemas"]["ApplicationHooks"];
            manifest_version?: string;
            number: number;
            parent_image_id?: string;
            parent_image_version?: number;
            published: boolean;
            required_permissions?: string[];
            services?: components["schemas"]["NetworkServiceSpec"][];
            status: components["schemas"]["ApplicationVersionStatus"];
            status_code: components["schemas"]["ImageStatusCode"];
            video_encoder?: components["schemas"]["VideoEncoder"];
            watchdog?: components["schemas"]["ApplicationWatchdog"];
        };
        ApplicationVersionDelete: components["schemas"]["Delete"];
        ApplicationVersionPatch: {
            published: boolean;
        };
        /** @enum {string} */
        ApplicationVersionStatus: "error" | "unknown" | "initializing" | "ready" | "created" | "active" | "deleted" | "available" | "queued";
        ApplicationWatchdog: {
            "allowed-packages"?: string[] | null;
            disabled?: boolean | null;
        } | null;
        /** @enum {string} */
        AuthenticationMethod: "tls" | "oidc";
        AuthGroup: {
            created_at?: components["schemas"]["UnixTime"];
            description?: string;
            entitlements?: components["schemas"]["EntitlementNames"];
            identities?: string[];
            immutable?: boolean;
            name: string;
            permissions?: components["schemas"]["Permission"][];
            updated_at?: components["schemas"]["UnixTime"];
        };
        AuthGroupDelete: components["schemas"]["Delete"];
        AuthGroupPost: {
            description?: string | null;
            name: string;
        };
        AuthGroupPut: {
            description?: string | null;
            permissions?: components["schemas"]["Permission"][] | null;
        };
        BulkDelete: {
            force?: boolean | null;
            ids: string[];
        };
        Certificate: {
            certificate: string;
            fingerprint: string;
        };
        CertificatesPost: {
            certificate: string;
            "trust-password"?: string | null;
        };
        Collection: {
            total_size?: number;
        } & components["schemas"]["Success"];
        Config: {
            "agent.api.fingerprint"?: string;
            "agent.api.token"?: components["schemas"]["ConfigSecret"];
            "agent.api.url"?: string;
            "application.addons"?: string;
            "application.auto_publish"?: components["schemas"]["ConfigFlag"];
            "application.auto_update"?: components["schemas"]["ConfigFlag"];
            "application.default_abi"?: string;
            "application.max_published_versions"?: components["schemas"]["ConfigNumber"];
            /** @deprecated */
            "container.apt_mirror"?: string;
            /** @deprecated */
            "container.default_platform"?: string;
            /** @deprecated */
            "container.features"?: string;
            /** @deprecated */
            "container.security_updates"?: boolean | string;
            "core.debug_address"?: string;
            "core.https_address"?: string;
            "core.max_requests_per_second"?: components["schemas"]["ConfigNumber"];
            "core.proxy_http"?: string;
            "core.proxy_https"?: string;
            "core.proxy_ignore_hosts"?: string;
            "core.trust_password"?: components["schemas"]["ConfigSecret"];
            /** @enum {string} */
            "cpu.limit_mode"?: "scheduler" | "pinning";
            /** @enum {string} */
            "gpu.type"?: "none" | "nvidia" | "amd" | "intel";
            "images.allow_insecure"?: components["schemas"]["ConfigFlag"];
            "images.auth"?: components["schemas"]["ConfigSecret"];
            "images.update_interval"?: string;
            "images.url"?: string;
            "images.version_lockstep"?: components["schemas"]["ConfigFlag"];
            "instance.apt_mirror"?: string;
            /** @enum {string} */
            "instance.default_platform"?: "null" | "webrtc" | "swrast";
            "instance.features"?: string;
            "instance.network_proxy"?: string;
            "instance.security_updates"?: components["schemas"]["ConfigFlag"];
            "load_balancer.url"?: string;
            "node.queue_size"?: components["schemas"]["ConfigNumber"];
            "node.workers_per_queue"?: components["schemas"]["ConfigNumber"];
            "oidc.allow_insecure"?: components["schemas"]["ConfigFlag"];
            "oidc.audience"?: string;
            "oidc.client_id"?: string;
            "oidc.issuer_url"?: string;
            "openfga.api.fingerprint"?: string;
            "openfga.api.token"?: components["schemas"]["ConfigSecret"];
            "openfga.api.url"?: string;
            "openfga.store.id"?: string;
            "registry.filter"?: string;
            "registry.fingerprint"?: string;
            /** @enum {string} */
            "registry.mode"?: "pull" | "push" | "manual";
            "registry.update_interval"?: string;
            "registry.url"?: string;
            /** @enum {string} */
            "scheduler.strategy"?: "spread" | "binpack";
        } & {
            [key: string]: string | boolean | number;
        };
        ConfigFlag: boolean | string;
        ConfigNumber: number | string;
        ConfigPatch: {
            name: string;
            value: string;
        };
        ConfigReply: {
            config: components["schemas"]["Config"];
        };
        ConfigSecret: boolean | string;
        Container: {
            address: string;
            app_id: string;
            app_name?: string;
            app_version?: number;
            architecture?: string;
            config?: components["schemas"]["ContainerConfig"];
            created_at: components["schemas"]["UnixTime"];
            entitlements?: components["schemas"]["EntitlementNames"];
            error_message?: string;
            id: string;
            image_id: string;
            image_version?: number;
            name: string;
            node: string;
            public_address?: string;
            resources?: components["schemas"]["ContainerResources"];
            services?: components["schemas"]["NetworkService"][];
            status: components["schemas"]["InstanceStatus"];
            status_code: components["schemas"]["InstanceStatusCode"];
            stored_logs?: string[];
            tags?: components["schemas"]["Tags"];
            /** @enum {string} */
            type: "regular" | "base" | "unknown";
        };
        ContainerConfig: {
            boot_activity?: string;
            boot_package?: string;
            devmode?: boolean;
            disable_watchdog?: boolean;
            metrics_server?: string;
            platform?: string;
        };
        ContainerConfigPost: {
            boot_activity?: string | null;
            boot_package?: string | null;
            devmode?: boolean | null;
            disable_watchdog?: boolean | null;
            features?: string | null;
            metrics_server?: string | null;
            platform?: string | null;
        } | null;
        ContainerDelete: components["schemas"]["Delete"];
        ContainerExecPost: components["schemas"]["InstanceExecPost"];
        ContainerPatch: {
            desired_status?: string | null;
        };
        ContainerResources: {
            cpus?: number;
            "disk-size"?: components["schemas"]["Size"];
            "gpu-slots"?: number;
            memory?: components["schemas"]["Size"];
            "vpu-slots"?: number;
        };
        ContainersDelete: components["schemas"]["BulkDelete"];
        ContainersPost: {
            addons?: string[] | null;
            app_id?: string | null;
            app_version?: number | null;
            config?: components["schemas"]["ContainerConfigPost"];
            cpus?: number | null;
            disk_size?: number | null;
            "gpu-slots"?: number | null;
            image_id?: string | null;
            image_version?: number | null;
            instance_type?: string | null;
            memory?: number | null;
            no_start?: boolean | null;
            node?: string | null;
            services?: components["schemas"]["NetworkServiceSpec"][] | null;
            tags?: string[] | null;
            user_data?: string | null;
            "vpu-slots"?: number | null;
        };
        Delete: {
            force?: boolean | null;
        } | null;
        Display: {
            density?: number;
            fps?: number;
            height?: number;
            width?: number;
        };
        DisplayPost: {
            density?: number | null;
            fps?: number | null;
            height?: number | null;
            width?: number | null;
        } | null;
        Entitlement: {
            description?: string;
            entitlement_name: string;
        };
        EntitlementNames: string[];
        Event: components["schemas"]["OperationEvent"] | components["schemas"]["LifecycleEvent"];
        EventAuth: {
            token: string;
        };
        Failure: {
            error: string;
            error_code: number;
            metadata?: Record<string, never> | null;
            /** @constant */
            type: "error";
        };
        Identity: {
            authentication_method: string;
            certificate?: string;
            created_at?: components["schemas"]["UnixTime"];
            email?: string;
            entitlements?: components["schemas"]["EntitlementNames"];
            fingerprint?: string;
            groups?: string[];
            id: string;
            name: string;
            updated_at?: components["schemas"]["UnixTime"];
        };
        IdentityDelete: components["schemas"]["Delete"];
        IdentityPost: {
            authentication_method: components["schemas"]["AuthenticationMethod"];
            certificate?: string | null;
            email?: string | null;
            name?: string | null;
        };
        IdentityPut: {
            groups?: string[] | null;
        };
        Image: {
            architecture?: string;
            capabilities?: string[];
            default: boolean;
            entitlements?: components["schemas"]["EntitlementNames"];
            id: string;
            immutable: boolean;
            name: string;
            status: components["schemas"]["ImageStatus"];
            status_code: components["schemas"]["ImageStatusCode"];
            type: components["schemas"]["ImageType"];
            used_by?: string[];
            variant?: components["schemas"]["ImageVariant"];
            versions?: components["schemas"]["ImageVersion"][];
        };
        ImageDelete: components["schemas"]["Delete"];
        ImagePatch: {
            default?: boolean | null;
            force_sync?: boolean | null;
        };
        ImageSource: {
            force?: boolean | null;
            instance?: string | null;
            /** @enum {string|null} */
            type?: "" | "instance" | null;
        } | null;
        ImagesPost: {
            default?: boolean | null;
            name?: string | null;
            path?: string | null;
            source?: components["schemas"]["ImageSource"];
            /** @enum {string|null} */
            type?: "" | "container" | "vm" | null;
        };
        /** @enum {string} */
        ImageStatus: "error" | "unknown" | "initializing" | "created" | "active" | "deleted" | "available" | "queued";
        /** @enum {integer} */
        ImageStatusCode: -1 | 0 | 1 | 2 | 3 | 4 | 5 | 6;
        /** @enum {string} */
        ImageType: "container" | "vm" | "unknown";
        /** @enum {string} */
        ImageVariant: "android" | "aaos" | "generic" | "unknown";
        ImageVersion: {
            created_at: components["schemas"]["UnixTime"];
            error_message?: string;
            fingerprint: string;
            remote_id?: string;
            size: number;
            status: components["schemas"]["ImageStatus"];
            status_code: components["schemas"]["ImageStatusCode"];
            version: number;
        };
        Instance: {
            address: string;
            app_id: string;
            app_name: string;
            app_version: number;
            architecture?: string;
            base?: boolean;
            config: components["schemas"]["InstanceConfig"];
            created_at: components["schemas"]["UnixTime"];
            entitlements?: components["schemas"]["EntitlementNames"];
            error_message: string;
            id: string;
            image_id: string;
            image_name?: string;
            image_variant?: string;
            image_version: number;
            name: string;
            node: string;
            public_address: string;
            resources: components["schemas"]["InstanceResources"];
            services?: components["schemas"]["NetworkService"][];
            status: components["schemas"]["InstanceStatus"];
            status_code: components["schemas"]["InstanceStatusCode"];
            status_message?: string;
            stored_logs?: string[];
            tags?: components["schemas"]["Tags"];
            type: components["schemas"]["InstanceType"];
        };
        InstanceConfig: {
            boot_activity?: string;
            boot_package?: string;
            devmode?: boolean;
            disable_watchdog?: boolean;
            display?: components["schemas"]["Display"];
            enable_streaming?: boolean;
            features?: string;
            metrics_server?: string;
            platform?: string;
            security?: components["schemas"]["InstanceSecurity"];
        };
        InstanceConfigPatch: {
            security?: components["schemas"]["InstanceSecurityPost"];
        } | null;
        InstanceConfigPost: {
            boot_activity?: string | null;
            boot_package?: string | null;
            devmode?: boolean | null;
            disable_watchdog?: boolean | null;
            display?: components["schemas"]["DisplayPost"];
            enable_streaming?: boolean | null;
            features?: string | null;
            metrics_server?: string | null;
            platform?: string | null;
            security?: components["schemas"]["InstanceSecurityPost"];
        } | null;
        InstanceDelete: components["schemas"]["Delete"];
        InstanceExecControl: {
            args?: {
                [key: string]: string;
            } | null;
            /** @enum {string} */
            command: "window-resize" | "signal";
            signal?: number;
        };
        InstanceExecPost: {
            command: string[];
            environment?: {
                [key: string]: string;
            } | null;
            height?: number | null;
            interactive?: boolean | null;
            width?: number | null;
        };
        InstancePatch: {
            config?: components["schemas"]["InstanceConfigPatch"];
            desired_status?: string | null;
        };
        InstanceResources: {
            cpus?: number;
            "disk-size"?: number;
            "gpu-slots"?: number;
            "gpu-type"?: string;
            memory?: number;
            no_disk_reserve?: boolean;
            "vpu-slots"?: number;
        };
        InstanceResourcesPost: {
            cpus?: number | null;
            disk_size?: number | null;
            "gpu-slots"?: number | null;
            "gpu-type"?: string | null;
            memory?: number | null;
            no_disk_reserve?: boolean | null;
            "vpu-slots"?: number | null;
        } | null;
        InstancesDelete: components["schemas"]["BulkDelete"];
        InstanceSecurity: {
            delete_protected?: boolean;
        };
        InstanceSecurityPost: {
            delete_protected?: boolean | null;
        } | null;
        InstanceSource: {
            id?: string | null;
            /** @enum {string|null} */
            type?: "" | "instance" | null;
        } | null;
        InstancesPost: {
            addons?: string[] | null;
            app_id?: string | null;
            app_version?: number | null;
            config?: components["schemas"]["InstanceConfigPost"];
            image_id?: string | null;
            image_version?: number | null;
            name?: string | null;
            no_start?: boolean | null;
            node?: string | null;
            resources?: components["schemas"]["InstanceResourcesPost"];
            services?: components["schemas"]["NetworkServiceSpec"][] | null;
            source?: components["schemas"]["InstanceSource"];
            tags?: string[] | null;
            /** @enum {string|null} */
            type?: "" | "container" | "vm" | null;
            user_data?: string | null;
        };
        /** @enum {string} */
        InstanceStatus: "error" | "unknown" | "created" | "prepared" | "started" | "running" | "stopped" | "deleted";
        /** @enum {integer} */
        InstanceStatusCode: -1 | 0 | 1 | 2 | 3 | 4 | 5 | 6;
        /** @enum {string} */
        InstanceType: "container" | "vm";
        Lifecycle: {
            action: components["schemas"]["LifecycleAction"];
            source: string;
        };
        /** @enum {string} */
        LifecycleAction: "instance-created" | "instance-scheduled" | "instance-started" | "instance-running" | "instance-stopped" | "instance-removed" | "instance-failed" | "container-created" | "container-scheduled" | "container-started" | "container-running" | "container-stopped" | "container-removed" | "container-failed";
        LifecycleEvent: {
            metadata: components["schemas"]["Lifecycle"];
            /** Format: date-time */
            timestamp: string;
            /** @constant */
            type: "lifecycle";
        };
        /** @enum {string} */
        NetworkProtocol: "tcp" | "udp";
        NetworkService: {
            expose?: boolean;
            name: string;
            node_port?: number | null;
            node_port_end?: number | null;
            port: number;
            port_end?: number;
            protocols: components["schemas"]["NetworkProtocol"][];
        };
        NetworkServiceSpec: {
            expose?: boolean | null;
            name?: string | null;
            port: number;
            port_end?: number | null;
            protocols?: components["schemas"]["NetworkProtocol"][] | null;
        };
        Node: {
            address: string;
            architecture?: string;
            cpu_allocation_rate: number;
            cpus: number;
            disk_size?: components["schemas"]["Size"];
            entitlements?: components["schemas"]["EntitlementNames"];
            gpu_encoder_slots: number;
            gpu_slots: number;
            gpus?: components["schemas"]["NodeGpu"][];
            instance_types?: components["schemas"]["InstanceType"][];
            is_master: boolean;
            managed?: boolean;
            memory: components["schemas"]["Size"];
            memory_allocation_rate: number;
            name: string;
            network_bridge_mtu?: number;
            public_address: string;
            status: components["schemas"]["NodeStatus"];
            status_code: components["schemas"]["NodeStatusCode"];
            storage_pool?: string;
            tags?: components["schemas"]["Tags"];
            /** @deprecated */
            unscheduable?: boolean;
            unschedulable: boolean;
            vpus?: components["schemas"]["NodeVpu"][];
        };
        NodeDelete: {
            force?: boolean | null;
            keep_in_cluster?: boolean | null;
        } | null;
        NodeGpu: {
            allocations?: {
                [key: string]: components["schemas"]["NodeGpuAllocation"];
            };
            encoder_slots: number;
            id: number;
            numa_node?: number;
            pci_address?: string;
            render_name?: string;
            slots: number;
            type: string;
        };
        NodeGpuAllocation: {
            encoder_slots?: number;
            gpus?: number[];
            slots?: number;
        };
        NodeGpuPatch: {
            encoder_slots?: number | null;
            id: number;
            slots?: number | null;
        };
        NodePatch: {
            cpu_allocation_rate?: number | null;
            cpus?: number | null;
            gpu_encoder_slots?: number | null;
            gpu_slots?: number | null;
            gpus?: components["schemas"]["NodeGpuPatch"][] | null;
            memory?: components["schemas"]["SizePost"];
            memory_allocation_rate?: number | null;
            public_address?: string | null;
            subnet?: string | null;
            tags?: string[] | null;
            /** @deprecated */
            unscheduable?: boolean | null;
            unschedulable?: boolean | null;
        };
        NodesPost: {
            address: string;
            cpu_allocation_rate?: number | null;
            cpus?: number | null;
            gpu_encoder_slots?: number | null;
            gpu_slots?: number | null;
            memory?: components["schemas"]["SizePost"];
            memory_allocation_rate?: number | null;
            name: string;
            /** @deprecated */
            network_acl_name?: string | null;
            network_bridge_mtu?: number | null;
            network_name?: string | null;
            network_subnet?: string | null;
            public_address?: string | null;
            storage_device?: string | null;
            storage_pool?: string | null;
            tags?: string[] | null;
            trust_password?: string | null;
            trust_token?: string | null;
            unmanaged?: boolean | null;
        };
        /** @enum {string} */
        NodeStatus: "error" | "unknown" | "created" | "initializing" | "initialized" | "online" | "offline" | "deleted";
        /** @enum {integer} */
        NodeStatusCode: -1 | 0 | 1 | 2 | 3 | 4 | 5 | 6;
        NodeVpu: {
            allocations?: {
                [key: string]: components["schemas"]["NodeVpuAllocation"];
            };
            id: number;
            model?: string;
            numa_node?: number;
            slots: number;
            type: string;
        };
        NodeVpuAllocation: {
            ids?: number[];
            slots?: number;
        };
        OidcConfig: {
            audience?: string;
            client_id?: string;
            issuer: string;
            required_scopes?: string[];
        };
        Operation: {
            /** @enum {string} */
            class: "task" | "websocket" | "token";
            /** Format: date-time */
            created_at: string;
            description: string;
            err: string;
            id: string;
            may_cancel: boolean;
            metadata: {
                [key: string]: unknown;
            } | null;
            resources: {
                [key: string]: components["schemas"]["Urls"];
            } | null;
            server_address?: string;
            status: string;
            status_code: components["schemas"]["StatusCode"];
            /** Format: date-time */
            updated_at: string;
        };
        OperationCreated: {
            metadata: components["schemas"]["Operation"];
            operation: string;
            status: string;
            status_code: number;
            /** @constant */
            type: "async";
        };
        OperationEvent: {
            metadata: components["schemas"]["Operation"];
            /** Format: date-time */
            timestamp: string;
            /** @constant */
            type: "operation";
        };
        OperationsByStatus: {
            [key: string]: components["schemas"]["Operation"][];
        };
        Permission: {
            entitlement: string;
            resource: string;
        };
        RegistryApplication: {
            architectures?: string[];
            boot_package?: string;
            instance_type?: string;
            name: string;
            tags?: components["schemas"]["Tags"];
            versions?: {
                [key: string]: components["schemas"]["RegistryApplicationVersion"];
            };
            vm?: boolean;
        };
        RegistryApplicationVersion: {
            boot_activity?: string;
            bootstrap?: components["schemas"]["ApplicationBootstrap"];
            features?: string[];
            hooks?: components["schemas"]["ApplicationHooks"];
            video_encoder?: components["schemas"]["VideoEncoder"];
        };
        Service: {
            api_extensions: string[];
            api_status: string;
            api_version: string;
            /** @enum {string} */
            auth: "trusted" | "untrusted";
            auth_methods: string[];
            auth_permissions?: {
                [key: string]: components["schemas"]["Entitlement"][];
            };
            cluster_id?: string;
            cluster_name?: string;
        };
        Share: {
            expiry_at?: components["schemas"]["UnixTime"];
            id: string;
            type: string;
            url: string;
        };
        SharePatch: {
            description?: string | null;
            expiry_at?: number | null;
        };
        SharesPost: {
            description?: string | null;
            expiry_at?: number | null;
            /** @enum {string} */
            type: "adb";
        };
        Size: string;
        SizePost: string | null;
        /** @enum {integer} */
        StatusCode: 100 | 101 | 102 | 103 | 104 | 105 | 106 | 107 | 108 | 109 | 110 | 111 | 112 | 200 | 400 | 401;
        Success: {
            error_code?: number;
            status: string;
            status_code: number;
            /** @constant */
            type: "sync";
        };
        Tags: string[];
        Task: {
            id: string;
            object_id: string;
            object_type: string;
            status: components["schemas"]["TaskStatus"];
        };
        /** @enum {string} */
        TaskStatus: "unknown" | "created" | "prepared" | "started" | "running" | "shutdown" | "stopped" | "completed" | "error" | "deleted";
        UnixTime: number;
        Urls: string[];
        Version: {
            version: string;
        };
        /** @enum {string} */
        VideoEncoder: "gpu" | "gpu-preferred" | "software" | "vpu" | "unknown";
    };
    responses: {
        /** @description An addon. */
        Addon: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Addon"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Addons. */
        Addons: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Urls"] | components["schemas"]["Addon"][];
                } & components["schemas"]["Collection"];
            };
        };
        /** @description An application. */
        Application: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Application"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Applications. */
        Applications: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Urls"] | components["schemas"]["Application"][];
                } & components["schemas"]["Collection"];
            };
        };
        /** @description A group. */
        AuthGroup: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["AuthGroup"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Groups. */
        AuthGroups: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Urls"] | components["schemas"]["AuthGroup"][];
                } & components["schemas"]["Collection"];
            };
        };
        /** @description A certificate. */
        Certificate: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Certificate"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Certificates. */
        Certificates: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Urls"] | components["schemas"]["Certificate"][];
                } & components["schemas"]["Collection"];
            };
        };
        /** @description The configuration. */
        Config: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["ConfigReply"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description A container. */
        Container: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Container"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Containers. */
        Containers: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Urls"] | components["schemas"]["Container"][];
                } & components["schemas"]["Collection"];
            };
        };
        /** @description Done, with nothing to tell. */
        Empty: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: Record<string, never> | null;
                } & components["schemas"]["Success"];
            };
        };
        /** @description The request was refused or failed. 501 says that this server will never do it. */
        Error: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description A token. */
        EventAuth: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["EventAuth"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description An application's image. */
        Export: {
            headers: {
                "X-AMS-ManifestSha256": components["headers"]["ManifestSha256"];
                [name: string]: unknown;
            };
            content: {
                "application/octet-stream": string;
            };
        };
        /** @description A file as it is. */
        File: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/octet-stream": string;
            };
        };
        /** @description Identities. */
        Identities: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Urls"] | components["schemas"]["Identity"][];
                } & components["schemas"]["Collection"];
            };
        };
        /** @description An identity. */
        Identity: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Identity"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description An image. */
        Image: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Image"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Images. */
        Images: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Urls"] | components["schemas"]["Image"][];
                } & components["schemas"]["Collection"];
            };
        };
        /** @description An instance. */
        Instance: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Instance"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Instances. */
        Instances: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Urls"] | components["schemas"]["Instance"][];
                } & components["schemas"]["Collection"];
            };
        };
        /** @description A manifest, as YAML. */
        Manifest: {
            headers: {
                "X-AMS-ManifestSha256": components["headers"]["ManifestSha256"];
                [name: string]: unknown;
            };
            content: {
                "application/octet-stream": string;
            };
        };
        /** @description A node. */
        Node: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Node"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Nodes. */
        Nodes: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Urls"] | components["schemas"]["Node"][];
                } & components["schemas"]["Collection"];
            };
        };
        /** @description The identity provider. */
        OidcConfig: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["OidcConfig"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Work has begun. `Location` has the operation's URL. */
        Operation: {
            headers: {
                ETag: components["headers"]["ETag"];
                Location?: string;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["OperationCreated"];
            };
        };
        /** @description Operations. The Go client reads the form grouped by status. */
        Operations: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Urls"] | components["schemas"]["Operation"][] | components["schemas"]["OperationsByStatus"];
                } & components["schemas"]["Collection"];
            };
        };
        /** @description An operation. */
        OperationState: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Operation"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Permissions. */
        Permissions: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Permission"][];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Applications in the registry. */
        RegistryApplications: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["RegistryApplication"][];
                } & components["schemas"]["Collection"];
            };
        };
        /** @description The server. */
        Service: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Service"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description A share. */
        Share: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Share"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description A websocket. */
        Socket: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description Tasks. */
        Tasks: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Task"][];
                } & components["schemas"]["Success"];
            };
        };
        /** @description Text as it is. */
        Text: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/plain": string;
            };
        };
        /** @description URLs or names. */
        Urls: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Urls"];
                } & components["schemas"]["Success"];
            };
        };
        /** @description The version. */
        Version: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    metadata: components["schemas"]["Version"];
                } & components["schemas"]["Success"];
            };
        };
    };
    parameters: {
        AppIdFilter: string;
        AppNameFilter: string;
        AppVersionFilter: number;
        Entitlements: 0 | 1;
        Fingerprint: string;
        IdFilter: string;
        IdOrName: string;
        IfMatch: string;
        ImageIdFilter: string;
        ImageTypeFilter: "" | "container" | "vm";
        ImageVersionFilter: number;
        InstanceStatusFilter: components["schemas"]["InstanceStatus"];
        Limit: number;
        Name: string;
        NameFilter: string;
        NodeFilter: string;
        NoWait: boolean;
        Offset: number;
        Recursion: 0 | 1;
        TagsFilter: string;
        UploadRequest: string;
        Uuid: string;
        Version: number;
    };
    requestBodies: {
        ApplicationDelete: {
            content: {
                "application/json": components["schemas"]["ApplicationDelete"];
            };
        };
        ApplicationPatch: {
            content: {
                "application/json": components["schemas"]["ApplicationPatch"];
                "application/octet-stream": string;
            };
        };
        ApplicationsDelete: {
            content: {
                "application/json": components["schemas"]["ApplicationsDelete"];
            };
        };
        ApplicationVersionDelete: {
            content: {
                "application/json": components["schemas"]["ApplicationVersionDelete"];
            };
        };
        ApplicationVersionPatch: {
            content: {
                "application/json": components["schemas"]["ApplicationVersionPatch"];
            };
        };
        AuthGroupDelete: {
            content: {
                "application/json": components["schemas"]["AuthGroupDelete"];
            };
        };
        AuthGroupPost: {
            content: {
                "application/json": components["schemas"]["AuthGroupPost"];
            };
        };
        AuthGroupPut: {
            content: {
                "application/json": components["schemas"]["AuthGroupPut"];
            };
        };
        CertificatesPost: {
            content: {
                "application/json": components["schemas"]["CertificatesPost"];
            };
        };
        ConfigPatch: {
            content: {
                "application/json": components["schemas"]["ConfigPatch"];
            };
        };
        ContainerDelete: {
            content: {
                "application/json": components["schemas"]["ContainerDelete"];
            };
        };
        ContainerExecPost: {
            content: {
                "application/json": components["schemas"]["ContainerExecPost"];
            };
        };
        ContainerPatch: {
            content: {
                "application/json": components["schemas"]["ContainerPatch"];
            };
        };
        ContainersDelete: {
            content: {
                "application/json": components["schemas"]["ContainersDelete"];
            };
        };
        ContainersPost: {
            content: {
                "application/json": components["schemas"]["ContainersPost"];
            };
        };
        IdentityDelete: {
            content: {
                "application/json": components["schemas"]["IdentityDelete"];
            };
        };
        IdentityPost: {
            content: {
                "application/json": components["schemas"]["IdentityPost"];
            };
        };
        IdentityPut: {
            content: {
                "application/json": components["schemas"]["IdentityPut"];
            };
        };
        ImageDelete: {
            content: {
                "application/json": components["schemas"]["ImageDelete"];
            };
        };
        ImagePatch: {
            content: {
                "application/json": components["schemas"]["ImagePatch"];
                "application/octet-stream": string;
            };
        };
        ImagesPost: {
            content: {
                "application/json": components["schemas"]["ImagesPost"];
                "application/octet-stream": string;
            };
        };
        InstanceDelete: {
            content: {
                "application/json": components["schemas"]["InstanceDelete"];
            };
        };
        InstanceExecPost: {
            content: {
                "application/json": components["schemas"]["InstanceExecPost"];
            };
        };
        InstancePatch: {
            content: {
                "application/json": components["schemas"]["InstancePatch"];
            };
        };
        InstancesDelete: {
            content: {
                "application/json": components["schemas"]["InstancesDelete"];
            };
        };
        InstancesPost: {
            content: {
                "application/json": components["schemas"]["InstancesPost"];
            };
        };
        NodeDelete: {
            content: {
                "application/json": components["schemas"]["NodeDelete"];
            };
        };
        NodePatch: {
            content: {
                "application/json": components["schemas"]["NodePatch"];
            };
        };
        NodesPost: {
            content: {
                "application/json": components["schemas"]["NodesPost"];
            };
        };
        Package: {
            content: {
                "application/octet-stream": string;
            };
        };
        SharePatch: {
            content: {
                "application/json": components["schemas"]["SharePatch"];
            };
        };
        SharesPost: {
            content: {
                "application/json": components["schemas"]["SharesPost"];
            };
        };
    };
    headers: {
        ETag: string;
        ManifestSha256: string;
    };
    pathItems: never;
}
export type Addon = components['schemas']['Addon'];
export type AddonsPost = components['schemas']['AddonsPost'];
export type AddonVersion = components['schemas']['AddonVersion'];
export type Application = components['schemas']['Application'];
export type ApplicationAddon = components['schemas']['ApplicationAddon'];
export type ApplicationBootstrap = components['schemas']['ApplicationBootstrap'];
export type ApplicationDelete = components['schemas']['ApplicationDelete'];
export type ApplicationExtraData = components['schemas']['ApplicationExtraData'];
export type ApplicationHooks = components['schemas']['ApplicationHooks'];
export type ApplicationPatch = components['schemas']['ApplicationPatch'];
export type ApplicationResources = components['schemas']['ApplicationResources'];
export type ApplicationResourcesPost = components['schemas']['ApplicationResourcesPost'];
export type ApplicationsDelete = components['schemas']['ApplicationsDelete'];
export type ApplicationStatus = components['schemas']['ApplicationStatus'];
export type ApplicationStatusCode = components['schemas']['ApplicationStatusCode'];
export type ApplicationVersion = components['schemas']['ApplicationVersion'];
export type ApplicationVersionDelete = components['schemas']['ApplicationVersionDelete'];
export type ApplicationVersionPatch = components['schemas']['ApplicationVersionPatch'];
export type ApplicationVersionStatus = components['schemas']['ApplicationVersionStatus'];
export type ApplicationWatchdog = components['schemas']['ApplicationWatchdog'];
export type AuthenticationMethod = components['schemas']['AuthenticationMethod'];
export type AuthGroup = components['schemas']['AuthGroup'];
export type AuthGroupDelete = components['schemas']['AuthGroupDelete'];
export type AuthGroupPost = components['schemas']['AuthGroupPost'];
export type AuthGroupPut = components['schemas']['AuthGroupPut'];
export type BulkDelete = components['schemas']['BulkDelete'];
export type Certificate = components['schemas']['Certificate'];
export type CertificatesPost = components['schemas']['CertificatesPost'];
export type Collection = components['schemas']['Collection'];
export type Config = components['schemas']['Config'];
export type ConfigFlag = components['schemas']['ConfigFlag'];
export type ConfigNumber = components['schemas']['ConfigNumber'];
export type ConfigPatch = components['schemas']['ConfigPatch'];
export type ConfigReply = components['schemas']['ConfigReply'];
export type ConfigSecret = components['schemas']['ConfigSecret'];
export type Container = components['schemas']['Container'];
export type ContainerConfig = components['schemas']['ContainerConfig'];
export type ContainerConfigPost = components['schemas']['ContainerConfigPost'];
export type ContainerDelete = components['schemas']['ContainerDelete'];
export type ContainerExecPost = components['schemas']['ContainerExecPost'];
export type ContainerPatch = components['schemas']['ContainerPatch'];
export type ContainerResources = components['schemas']['ContainerResources'];
export type ContainersDelete = components['schemas']['ContainersDelete'];
export type ContainersPost = components['schemas']['ContainersPost'];
export type Delete = components['schemas']['Delete'];
export type Display = components['schemas']['Display'];
export type DisplayPost = components['schemas']['DisplayPost'];
export type Entitlement = components['schemas']['Entitlement'];
export type EntitlementNames = components['schemas']['EntitlementNames'];
export type Event = components['schemas']['Event'];
export type EventAuth = components['schemas']['EventAuth'];
export type Failure = components['schemas']['Failure'];
export type Identity = components['schemas']['Identity'];
export type IdentityDelete = components['schemas']['IdentityDelete'];
export type IdentityPost = components['schemas']['IdentityPost'];
export type IdentityPut = components['schemas']['IdentityPut'];
export type Image = components['schemas']['Image'];
export type ImageDelete = components['schemas']['ImageDelete'];
export type ImagePatch = components['schemas']['ImagePatch'];
export type ImageSource = components['schemas']['ImageSource'];
export type ImagesPost = components['schemas']['ImagesPost'];
export type ImageStatus = components['schemas']['ImageStatus'];
export type ImageStatusCode = components['schemas']['ImageStatusCode'];
export type ImageType = components['schemas']['ImageType'];
export type ImageVariant = components['schemas']['ImageVariant'];
export type ImageVersion = components['schemas']['ImageVersion'];
export type Instance = components['schemas']['Instance'];
export type InstanceConfig = components['schemas']['InstanceConfig'];
export type InstanceConfigPatch = components['schemas']['InstanceConfigPatch'];
export type InstanceConfigPost = components['schemas']['InstanceConfigPost'];
export type InstanceDelete = components['schemas']['InstanceDelete'];
export type InstanceExecControl = components['schemas']['InstanceExecControl'];
export type InstanceExecPost = components['schemas']['InstanceExecPost'];
export type InstancePatch = components['schemas']['InstancePatch'];
export type InstanceResources = components['schemas']['InstanceResources'];
export type InstanceResourcesPost = components['schemas']['InstanceResourcesPost'];
export type InstancesDelete = components['schemas']['InstancesDelete'];
export type InstanceSecurity = components['schemas']['InstanceSecurity'];
export type InstanceSecurityPost = components['schemas']['InstanceSecurityPost'];
export type InstanceSource = components['schemas']['InstanceSource'];
export type InstancesPost = components['schemas']['InstancesPost'];
export type InstanceStatus = components['schemas']['InstanceStatus'];
export type InstanceStatusCode = components['schemas']['InstanceStatusCode'];
export type InstanceType = components['schemas']['InstanceType'];
export type Lifecycle = components['schemas']['Lifecycle'];
export type LifecycleAction = components['schemas']['LifecycleAction'];
export type LifecycleEvent = components['schemas']['LifecycleEvent'];
export type NetworkProtocol = components['schemas']['NetworkProtocol'];
export type NetworkService = components['schemas']['NetworkService'];
export type NetworkServiceSpec = components['schemas']['NetworkServiceSpec'];
export type Node = components['schemas']['Node'];
export type NodeDelete = components['schemas']['NodeDelete'];
export type NodeGpu = components['schemas']['NodeGpu'];
export type NodeGpuAllocation = components['schemas']['NodeGpuAllocation'];
export type NodeGpuPatch = components['schemas']['NodeGpuPatch'];
export type NodePatch = components['schemas']['NodePatch'];
export type NodesPost = components['schemas']['NodesPost'];
export type NodeStatus = components['schemas']['NodeStatus'];
export type NodeStatusCode = components['schemas']['NodeStatusCode'];
export type NodeVpu = components['schemas']['NodeVpu'];
export type NodeVpuAllocation = components['schemas']['NodeVpuAllocation'];
export type OidcConfig = components['schemas']['OidcConfig'];
export type Operation = components['schemas']['Operation'];
export type OperationCreated = components['schemas']['OperationCreated'];
export type OperationEvent = components['schemas']['OperationEvent'];
export type OperationsByStatus = components['schemas']['OperationsByStatus'];
export type Permission = components['schemas']['Permission'];
export type RegistryApplication = components['schemas']['RegistryApplication'];
export type RegistryApplicationVersion = components['schemas']['RegistryApplicationVersion'];
export type Service = components['schemas']['Service'];
export type Share = components['schemas']['Share'];
export type SharePatch = components['schemas']['SharePatch'];
export type SharesPost = components['schemas']['SharesPost'];
export type Size = components['schemas']['Size'];
export type SizePost = components['schemas']['SizePost'];
export type StatusCode = components['schemas']['StatusCode'];
export type Success = components['schemas']['Success'];
export type Tags = components['schemas']['Tags'];
export type Task = components['schemas']['Task'];
export type TaskStatus = components['schemas']['TaskStatus'];
export type UnixTime = components['schemas']['UnixTime'];
export type Urls = components['schemas']['Urls'];
export type Version = components['schemas']['Version'];
export type VideoEncoder = components['schemas']['VideoEncoder'];
export type ResponseAddon = components['responses']['Addon'];
export type ResponseAddons = components['responses']['Addons'];
export type ResponseApplication = components['responses']['Application'];
export type ResponseApplications = components['responses']['Applications'];
export type ResponseAuthGroup = components['responses']['AuthGroup'];
export type ResponseAuthGroups = components['responses']['AuthGroups'];
export type ResponseCertificate = components['responses']['Certificate'];
export type ResponseCertificates = components['responses']['Certificates'];
export type ResponseConfig = components['responses']['Config'];
export type ResponseContainer = components['responses']['Container'];
export type ResponseContainers = components['responses']['Containers'];
export type ResponseEmpty = components['responses']['Empty'];
export type ResponseError = components['responses']['Error'];
export type ResponseEventAuth = components['responses']['EventAuth'];
export type ResponseExport = components['responses']['Export'];
export type ResponseFile = components['responses']['File'];
export type ResponseIdentities = components['responses']['Identities'];
export type ResponseIdentity = components['responses']['Identity'];
export type ResponseImage = components['responses']['Image'];
export type ResponseImages = components['responses']['Images'];
export type ResponseInstance = components['responses']['Instance'];
export type ResponseInstances = components['responses']['Instances'];
export type ResponseManifest = components['responses']['Manifest'];
export type ResponseNode = components['responses']['Node'];
export type ResponseNodes = components['responses']['Nodes'];
export type ResponseOidcConfig = components['responses']['OidcConfig'];
export type ResponseOperation = components['responses']['Operation'];
export type ResponseOperations = components['responses']['Operations'];
export type ResponseOperationState = components['responses']['OperationState'];
export type ResponsePermissions = components['responses']['Permissions'];
export type ResponseRegistryApplications = components['responses']['RegistryApplications'];
export type ResponseService = components['responses']['Service'];
export type ResponseShare = components['responses']['Share'];
export type ResponseSocket = components['responses']['Socket'];
export type ResponseTasks = components['responses']['Tasks'];
export type ResponseText = components['responses']['Text'];
export type ResponseUrls = components['responses']['Urls'];
export type ResponseVersion = components['responses']['Version'];
export type ParameterAppIdFilter = components['parameters']['AppIdFilter'];
export type ParameterAppNameFilter = components['parameters']['AppNameFilter'];
export type ParameterAppVersionFilter = components['parameters']['AppVersionFilter'];
export type ParameterEntitlements = components['parameters']['Entitlements'];
export type ParameterFingerprint = components['parameters']['Fingerprint'];
export type ParameterIdFilter = components['parameters']['IdFilter'];
export type ParameterIdOrName = components['parameters']['IdOrName'];
export type ParameterIfMatch = components['parameters']['IfMatch'];
export type ParameterImageIdFilter = components['parameters']['ImageIdFilter'];
export type ParameterImageTypeFilter = components['parameters']['ImageTypeFilter'];
export type ParameterImageVersionFilter = components['parameters']['ImageVersionFilter'];
export type ParameterInstanceStatusFilter = components['parameters']['InstanceStatusFilter'];
export type ParameterLimit = components['parameters']['Limit'];
export type ParameterName = components['parameters']['Name'];
export type ParameterNameFilter = components['parameters']['NameFilter'];
export type ParameterNodeFilter = components['parameters']['NodeFilter'];
export type ParameterNoWait = components['parameters']['NoWait'];
export type ParameterOffset = components['parameters']['Offset'];
export type ParameterRecursion = components['parameters']['Recursion'];
export type ParameterTagsFilter = components['parameters']['TagsFilter'];
export type ParameterUploadRequest = components['parameters']['UploadRequest'];
export type ParameterUuid = components['parameters']['Uuid'];
export type ParameterVersion = components['parameters']['Version'];
export type RequestBodyApplicationDelete = components['requestBodies']['ApplicationDelete'];
export type RequestBodyApplicationPatch = components['requestBodies']['ApplicationPatch'];
export type RequestBodyApplicationsDelete = components['requestBodies']['ApplicationsDelete'];
export type RequestBodyApplicationVersionDelete = components['requestBodies']['ApplicationVersionDelete'];
export type RequestBodyApplicationVersionPatch = components['requestBodies']['ApplicationVersionPatch'];
export type RequestBodyAuthGroupDelete = components['requestBodies']['AuthGroupDelete'];
export type RequestBodyAuthGroupPost = components['requestBodies']['AuthGroupPost'];
export type RequestBodyAuthGroupPut = components['requestBodies']['AuthGroupPut'];
export type RequestBodyCertificatesPost = components['requestBodies']['CertificatesPost'];
export type RequestBodyConfigPatch = components['requestBodies']['ConfigPatch'];
export type RequestBodyContainerDelete = components['requestBodies']['ContainerDelete'];
export type RequestBodyContainerExecPost = components['requestBodies']['ContainerExecPost'];
export type RequestBodyContainerPatch = components['requestBodies']['ContainerPatch'];
export type RequestBodyContainersDelete = components['requestBodies']['ContainersDelete'];
export type RequestBodyContainersPost = components['requestBodies']['ContainersPost'];
export type RequestBodyIdentityDelete = components['requestBodies']['IdentityDelete'];
export type RequestBodyIdentityPost = components['requestBodies']['IdentityPost'];
export type RequestBodyIdentityPut = components['requestBodies']['IdentityPut'];
export type RequestBodyImageDelete = components['requestBodies']['ImageDelete'];
export type RequestBodyImagePatch = components['requestBodies']['ImagePatch'];
export type RequestBodyImagesPost = components['requestBodies']['ImagesPost'];
export type RequestBodyInstanceDelete = components['requestBodies']['InstanceDelete'];
export type RequestBodyInstanceExecPost = components['requestBodies']['InstanceExecPost'];
export type RequestBodyInstancePatch = components['requestBodies']['InstancePatch'];
export type RequestBodyInstancesDelete = components['requestBodies']['InstancesDelete'];
export type RequestBodyInstancesPost = components['requestBodies']['InstancesPost'];
export type RequestBodyNodeDelete = components['requestBodies']['NodeDelete'];
export type RequestBodyNodePatch = components['requestBodies']['NodePatch'];
export type RequestBodyNodesPost = components['requestBodies']['NodesPost'];
export type RequestBodyPackage = components['requestBodies']['Package'];
export type RequestBodySharePatch = components['requestBodies']['SharePatch'];
export type RequestBodySharesPost = components['requestBodies']['SharesPost'];
export type HeaderETag = components['headers']['ETag'];
export type HeaderManifestSha256 = components['headers']['ManifestSha256'];
export type $defs = Record<string, never>;
export interface operations {
    service_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Service"];
            default: components["responses"]["Error"];
        };
    };
    addons_get: {
        parameters: {
            query?: {
                entitlements?: components["parameters"]["Entitlements"];
                recursion?: components["parameters"]["Recursion"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Addons"];
            default: components["responses"]["Error"];
        };
    };
    addons_post: {
        parameters: {
            query?: never;
            header?: {
                "X-AMS-Fingerprint"?: components["parameters"]["Fingerprint"];
                "X-AMS-Request"?: components["parameters"]["UploadRequest"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["Package"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    addon_get: {
        parameters: {
            query?: {
                entitlements?: components["parameters"]["Entitlements"];
            };
            header?: never;
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Addon"];
            default: components["responses"]["Error"];
        };
    };
    addon_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    addon_patch: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: components["parameters"]["IfMatch"];
                "X-AMS-Fingerprint"?: components["parameters"]["Fingerprint"];
                "X-AMS-Request"?: components["parameters"]["UploadRequest"];
            };
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["Package"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    addon_version_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["parameters"]["Name"];
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    applications_get: {
        parameters: {
            query?: {
                abi?: string;
                addons?: string;
                boot_package?: string;
                entitlements?: components["parameters"]["Entitlements"];
                id?: components["parameters"]["IdFilter"];
                immutable?: boolean;
                inhibit_auto_updates?: boolean;
                instance_type?: string;
                limit?: components["parameters"]["Limit"];
                name?: components["parameters"]["NameFilter"];
                offset?: components["parameters"]["Offset"];
                parent_image_variant?: string;
                published?: boolean;
                recursion?: components["parameters"]["Recursion"];
                status?: components["schemas"]["ApplicationStatus"];
                tags?: components["parameters"]["TagsFilter"];
            };
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
    application_post: {
        parameters: {
            query?: {
                vm?: boolean;
            };
            header?: {
                "X-AMS-Fingerprint"?: components["parameters"]["Fingerprint"];
                "X-AMS-Request"?: components["parameters"]["UploadRequest"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["Package"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    applications_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["ApplicationsDelete"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    application_get: {
        parameters: {
            query?: {
                entitlements?: components["parameters"]["Entitlements"];
            };
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Application"];
            default: components["responses"]["Error"];
        };
    };
    application_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["ApplicationDelete"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    application_patch_upload: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: components["parameters"]["IfMatch"];
                "X-AMS-Fingerprint"?: components["parameters"]["Fingerprint"];
                "X-AMS-Request"?: components["parameters"]["UploadRequest"];
            };
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["ApplicationPatch"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    application_version_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Export"];
            default: components["responses"]["Error"];
        };
    };
    application_version_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["ApplicationVersionDelete"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    application_version_patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["ApplicationVersionPatch"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    application_version_manifest_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Manifest"];
            default: components["responses"]["Error"];
        };
    };
    application_manifest_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Manifest"];
            default: components["responses"]["Error"];
        };
    };
    groups_get: {
        parameters: {
            query?: {
                entitlements?: components["parameters"]["Entitlements"];
                limit?: components["parameters"]["Limit"];
                name?: components["parameters"]["NameFilter"];
                offset?: components["parameters"]["Offset"];
                recursion?: components["parameters"]["Recursion"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["AuthGroups"];
            default: components["responses"]["Error"];
        };
    };
    auth_groups_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["AuthGroupPost"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    auth_group_get: {
        parameters: {
            query?: {
                entitlements?: components["parameters"]["Entitlements"];
            };
            header?: never;
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["AuthGroup"];
            default: components["responses"]["Error"];
        };
    };
    group_put: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["AuthGroupPut"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    groups_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["AuthGroupDelete"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    identities_get: {
        parameters: {
            query?: {
                auth_type?: components["schemas"]["AuthenticationMethod"];
                entitlements?: components["parameters"]["Entitlements"];
                id?: components["parameters"]["IdFilter"];
                limit?: components["parameters"]["Limit"];
                offset?: components["parameters"]["Offset"];
                recursion?: components["parameters"]["Recursion"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Identities"];
            default: components["responses"]["Error"];
        };
    };
    identity_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["IdentityPost"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    identity_get: {
        parameters: {
            query?: {
                entitlements?: components["parameters"]["Entitlements"];
            };
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Identity"];
            default: components["responses"]["Error"];
        };
    };
    identities_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["IdentityPut"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    identities_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["IdentityDelete"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    oidc_get: {
        parameters: {
            query?: {
                grant_type?: "device_code";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OidcConfig"];
            default: components["responses"]["Error"];
        };
    };
    auth_permissions: {
        parameters: {
            query?: {
                recursion?: components["parameters"]["Recursion"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Permissions"];
            default: components["responses"]["Error"];
        };
    };
    certificates_get: {
        parameters: {
            query?: {
                recursion?: components["parameters"]["Recursion"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Certificates"];
            default: components["responses"]["Error"];
        };
    };
    certificates_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["CertificatesPost"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    certificate_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fingerprint: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Certificate"];
            default: components["responses"]["Error"];
        };
    };
    certificate_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fingerprint: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    config_get: {
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
    config_patch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["ConfigPatch"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    containers_get: {
        parameters: {
            query?: {
                app_id?: components["parameters"]["AppIdFilter"];
                app_name?: components["parameters"]["AppNameFilter"];
                app_version?: components["parameters"]["AppVersionFilter"];
                entitlements?: components["parameters"]["Entitlements"];
                id?: components["parameters"]["IdFilter"];
                image_id?: components["parameters"]["ImageIdFilter"];
                image_version?: components["parameters"]["ImageVersionFilter"];
                limit?: components["parameters"]["Limit"];
                name?: components["parameters"]["NameFilter"];
                node?: components["parameters"]["NodeFilter"];
                offset?: components["parameters"]["Offset"];
                recursion?: components["parameters"]["Recursion"];
                status?: components["parameters"]["InstanceStatusFilter"];
                tags?: components["parameters"]["TagsFilter"];
                type?: "base" | "regular";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Containers"];
            default: components["responses"]["Error"];
        };
    };
    containers_post: {
        parameters: {
            query?: {
                no_wait?: components["parameters"]["NoWait"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["ContainersPost"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    containers_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["ContainersDelete"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    container_get: {
        parameters: {
            query?: {
                entitlements?: components["parameters"]["Entitlements"];
            };
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Container"];
            default: components["responses"]["Error"];
        };
    };
    container_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["ContainerDelete"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    container_patch: {
        parameters: {
            query?: {
                no_wait?: components["parameters"]["NoWait"];
            };
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["ContainerPatch"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    container_exec_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["ContainerExecPost"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    container_logs_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Urls"];
            default: components["responses"]["Error"];
        };
    };
    container_logs_specific_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["File"];
            default: components["responses"]["Error"];
        };
    };
    events_get: {
        parameters: {
            query?: {
                token?: string;
                type?: "all" | "operation" | "operations" | "lifecycle" | "logging";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            101: components["responses"]["Socket"];
            default: components["responses"]["Error"];
        };
    };
    events_auth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["EventAuth"];
            default: components["responses"]["Error"];
        };
    };
    images_get: {
        parameters: {
            query?: {
                default?: boolean;
                entitlements?: components["parameters"]["Entitlements"];
                recursion?: components["parameters"]["Recursion"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Images"];
            default: components["responses"]["Error"];
        };
    };
    image_post_import: {
        parameters: {
            query?: never;
            header?: {
                "X-AMS-Fingerprint"?: components["parameters"]["Fingerprint"];
                "X-AMS-Request"?: components["parameters"]["UploadRequest"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["ImagesPost"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    image_get: {
        parameters: {
            query?: {
                entitlements?: components["parameters"]["Entitlements"];
                type?: components["parameters"]["ImageTypeFilter"];
            };
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Image"];
            default: components["responses"]["Error"];
        };
    };
    image_delete: {
        parameters: {
            query?: {
                type?: components["parameters"]["ImageTypeFilter"];
            };
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["ImageDelete"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    image_patch_upload: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: components["parameters"]["IfMatch"];
                "X-AMS-Fingerprint"?: components["parameters"]["Fingerprint"];
                "X-AMS-Request"?: components["parameters"]["UploadRequest"];
            };
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["ImagePatch"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    image_version_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    instances_get: {
        parameters: {
            query?: {
                app_id?: components["parameters"]["AppIdFilter"];
                app_name?: components["parameters"]["AppNameFilter"];
                app_version?: components["parameters"]["AppVersionFilter"];
                base?: boolean;
                entitlements?: components["parameters"]["Entitlements"];
                id?: components["parameters"]["IdFilter"];
                image_id?: components["parameters"]["ImageIdFilter"];
                image_version?: components["parameters"]["ImageVersionFilter"];
                limit?: components["parameters"]["Limit"];
                name?: components["parameters"]["NameFilter"];
                node?: components["parameters"]["NodeFilter"];
                offset?: components["parameters"]["Offset"];
                recursion?: components["parameters"]["Recursion"];
                status?: components["parameters"]["InstanceStatusFilter"];
                tags?: components["parameters"]["TagsFilter"];
                type?: components["schemas"]["InstanceType"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Instances"];
            default: components["responses"]["Error"];
        };
    };
    instances_post: {
        parameters: {
            query?: {
                no_wait?: components["parameters"]["NoWait"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["InstancesPost"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    instances_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["InstancesDelete"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    instance_get: {
        parameters: {
            query?: {
                entitlements?: components["parameters"]["Entitlements"];
            };
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Instance"];
            default: components["responses"]["Error"];
        };
    };
    instance_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["InstanceDelete"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    instance_patch: {
        parameters: {
            query?: {
                no_wait?: components["parameters"]["NoWait"];
            };
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["InstancePatch"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    instance_exec_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["InstanceExecPost"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    instance_logs_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Urls"];
            default: components["responses"]["Error"];
        };
    };
    instance_logs_specific_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["File"];
            default: components["responses"]["Error"];
        };
    };
    instances_shares_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["SharesPost"];
        responses: {
            200: components["responses"]["Share"];
            default: components["responses"]["Error"];
        };
    };
    instance_share_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                shareId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    instance_share_patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
                shareId: string;
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["SharePatch"];
        responses: {
            200: components["responses"]["Empty"];
            default: components["responses"]["Error"];
        };
    };
    metrics_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Text"];
            default: components["responses"]["Error"];
        };
    };
    nodes_get: {
        parameters: {
            query?: {
                entitlements?: components["parameters"]["Entitlements"];
                recursion?: components["parameters"]["Recursion"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Nodes"];
            default: components["responses"]["Error"];
        };
    };
    node_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: components["requestBodies"]["NodesPost"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    node_get: {
        parameters: {
            query?: {
                entitlements?: components["parameters"]["Entitlements"];
            };
            header?: never;
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Node"];
            default: components["responses"]["Error"];
        };
    };
    node_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["NodeDelete"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    node_patch: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody: components["requestBodies"]["NodePatch"];
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    operations_get: {
        parameters: {
            query?: {
                recursion?: components["parameters"]["Recursion"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Operations"];
            default: components["responses"]["Error"];
        };
    };
    operation_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                uuid: components["parameters"]["Uuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OperationState"];
            default: components["responses"]["Error"];
        };
    };
    operation_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                uuid: components["parameters"]["Uuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["Empty"];
            default: components["responses"]["Error"];
        };
    };
    operation_wait_get: {
        parameters: {
            query?: {
                timeout?: number;
            };
            header?: never;
            path: {
                uuid: components["parameters"]["Uuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["OperationState"];
            default: components["responses"]["Error"];
        };
    };
    operation_websocket_get: {
        parameters: {
            query: {
                secret: string;
            };
            header?: never;
            path: {
                uuid: components["parameters"]["Uuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            101: components["responses"]["Socket"];
            default: components["responses"]["Error"];
        };
    };
    registry_applications_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["RegistryApplications"];
            default: components["responses"]["Error"];
        };
    };
    registry_applications_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    registry_applications_pull: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    registry_applications_push: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["IdOrName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["Operation"];
            default: components["responses"]["Error"];
        };
    };
    tasks_get: {
        parameters: {
            query?: {
                recursion?: components["parameters"]["Recursion"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Tasks"];
            default: components["responses"]["Error"];
        };
    };
    version_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Version"];
            default: components["responses"]["Error"];
        };
    };
}
