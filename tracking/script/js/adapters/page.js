// The page itself, or the banner of mops, calls mops("consent", {analytics: true, …}).
function adapt() {}
