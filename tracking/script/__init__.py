"""The browser script /t.js and the consent banner: built from js/ when static files are collected, served under fixed addresses."""
