import "./usePlugin";
import "../integration/model.test";
