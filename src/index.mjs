// `import` of the package: the same instance that `require` gives. The build copies this file to dist/, where index.js is.
export * from './index.js';
