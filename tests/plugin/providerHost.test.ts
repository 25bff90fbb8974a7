import "./usePlugin";
import "../integration/providerHost.test";
