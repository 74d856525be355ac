/** The version of the plug-in API: of the hooks, the model and what this package exports. It has the major and minor version of the package. */
export const apiVersion = '1.0.0';
