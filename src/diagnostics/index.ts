/** The diagnostics: what a trace or a run says about itself. One file a diagnostic, one line here. */
export { rate, type RateAlternative, type RateEstimate, type RateLaw, type RateOptions } from './rate';
