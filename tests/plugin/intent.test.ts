import "./usePlugin";
import "../integration/intent.test";
