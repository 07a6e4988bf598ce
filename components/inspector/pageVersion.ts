/** The build puts it here. */
declare const __INSPECTOR_VERSION__: string;

/** The version of the package that the page was built from. */
export const pageVersion = (): string => __INSPECTOR_VERSION__;
