import "./usePlugin";
import "../integration/revocation.test";
