/** The version of the plug-in API: of the hooks, the model and what this package exports. A number of its own. */
export const apiVersion = '1.0.0';
