import { usePlugin } from "../support/adapter";

usePlugin();
