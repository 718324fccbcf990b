/** Style sheets are taken in by the build; to TypeScript they are nothing. */
declare module "*.css";
