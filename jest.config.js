'use strict';

/** @type {import('jest').Config} */
module.exports = {
  preset: 'ts-jest',
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // TypeScript first: src/index.mjs is the published wrapper, not what a test means by '../src'.
  moduleFileExtensions: ['ts', 'js', 'json', 'node', 'cjs', 'mjs'],
  // The solver has threads of its own, and the numerical tests wait for the processor, not for files.
  maxWorkers: 2,
  // No test asserts a time; these limits only end a test that hangs. Tests of whole processes set larger ones.
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/scripts/jest-reporter.js'],
};
