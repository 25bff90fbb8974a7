import "./usePlugin";
import "../e2e/crash-revocation.test";
